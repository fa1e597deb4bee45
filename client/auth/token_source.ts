/**
 * The source of the token a command uses: the environment, a login, or the identity of a CI
 * job. A login is always selected with its server, so that no token is sent to another server.
 */
import { brand } from "../../shared/brand.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import { detectProvider, type FederationOptions, requestedProvider } from "../federation/detect.ts";
import { exchangeIdentity, type Federation } from "../federation/exchange.ts";
import type { WorkloadProvider } from "../federation/provider.ts";
import { accessTokenExpiry } from "../oauth/access_token_expiry.ts";
import { freshCredentials } from "../oauth/refresh.ts";
import {
  type EnvironmentSource,
  environmentSource,
  environmentToken,
} from "./environment_token.ts";
import { activeServer, listLogins, type Login } from "./login_store.ts";
import { matchingLogins, selectLogin } from "./select_login.ts";
import { selectedServer, type Selection, serverForSecret } from "./selection.ts";
import type { AccessToken } from "./access_token.ts";

/** The identity of a CI job or workload, exchanged without a login. */
export interface FederationSource extends Federation {
  kind: "federation";
  account: undefined;
}

export type TokenSource = EnvironmentSource | Login | FederationSource;

export interface SelectionWithFederation extends Selection, FederationOptions {
  /** The `aud` of the identity token; the server by default. */
  federationAudience?: string;
  /** Scopes to request with a job's identity. */
  scope?: string[];
}

/**
 * In this order: federation if an option requests it, the environment's token, a login, and
 * the detected identity of a CI job or workload. A login comes before a detected identity
 * because the user created it on purpose.
 */
export async function chooseTokenSource(
  selection: SelectionWithFederation,
  io: ClientIo,
): Promise<TokenSource> {
  const requested = requestedProvider(selection, io.env);
  if (requested !== undefined) return await federationSource(requested, selection, io);
  const environment = environmentSource(selection, io);
  if (environment !== undefined) return environment;
  const mayDetect = selection.federation !== "off" && selection.account === undefined;
  const detected = mayDetect ? detectProvider(io.env) : undefined;
  if (detected === undefined) return await selectLogin(selection, io);
  // A CI job may have no home folder, and then no logins.
  const all = findConfigFolder(io) === undefined ? [] : await listLogins(io);
  const logins = matchingLogins(all, { server: selectedServer(selection, io) });
  if (logins.length === 0) return await federationSource(detected, selection, io);
  const login = await selectLogin(selection, io);
  io.stderr(
    `Note: using the login of ${login.account}. To use the identity of ${detected.title} ` +
      `instead, add --federation auto.\n`,
  );
  return login;
}

async function federationSource(
  provider: WorkloadProvider,
  selection: SelectionWithFederation,
  io: ClientIo,
): Promise<FederationSource> {
  const server = await federationServer(selection, io).catch((error) => {
    // A missing identity is reported first: naming the server would not help.
    const obstacle = provider.obstacle(
      selection.federationAudience ?? brand.defaultServer,
      io.env,
    );
    throw obstacle === undefined
      ? error
      : new ClientError("identity_unavailable", `${obstacle}\n${error.message}`);
  });
  return {
    kind: "federation",
    provider,
    server,
    audience: selection.federationAudience ?? server,
    scope: selection.scope && formatScope(selection.scope),
    account: undefined,
  };
}

/** Where an identity is exchanged: the selected server, else the active login's, else the built-in one. */
export async function federationServer(selection: Selection, io: ClientIo): Promise<string> {
  return serverForSecret(
    selectedServer(selection, io) ?? await activeServer(io),
    "The identity of this job",
  );
}

/** The server of the environment's token, or of the login. */
export function serverOf({ server }: TokenSource): string {
  return serverForSecret(server, `The token in ${brand.envPrefix}_TOKEN`);
}

/** An access token from `source`, renewed if it expires within `minTtlMs`. */
export async function tokenFrom(
  source: TokenSource,
  minTtlMs: number,
  io: ClientIo,
): Promise<AccessToken> {
  if (source.kind === "environment") return await environmentToken(source, minTtlMs, io);
  if (source.kind === "federation") return await exchangeIdentity(source, io);
  const credentials = await freshCredentials(source, minTtlMs, source.loginStore, io);
  const { accessToken, scope, refreshToken } = credentials;
  const { expiresAt, remainingMs, lifetimeMs } = accessTokenExpiry(credentials, io.clock.now());
  const maxLifetimeMs = refreshToken === undefined ? remainingMs : lifetimeMs;
  return { token: accessToken, expiresAt, scope, maxLifetimeMs };
}
