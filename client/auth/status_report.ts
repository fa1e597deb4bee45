/** What `status` reports, from local data only: no server is asked. */
import { brand } from "../../shared/brand.ts";
import { accessTokenExpiry } from "../oauth/access_token_expiry.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { findConfigFolder } from "../credentials/config_dir.ts";
import { detectProvider } from "../federation/detect.ts";
import { type EnvironmentSource, environmentSource } from "./environment_token.ts";
import { listNarrowTokens, type NarrowToken } from "./narrow_tokens.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { listLogins, type Login } from "./login_store.ts";
import { federationServer } from "./token_source.ts";

export interface LoginStatus {
  server: string;
  account: string;
  /** Undefined if it was created by an earlier version. */
  name: string | undefined;
  /** The names of the resources that it was approved for besides the default one. */
  resources: readonly string[];
  active: boolean;
  source: CredentialStore["kind"];
  /** Where the credentials are stored, as text. */
  storeDescription: string;
  /** In milliseconds since 1970. */
  expiresAt: number | undefined;
  scope: string | undefined;
  /** Whether the access token can be renewed without a new login. */
  renewable: boolean;
  /** Of programs that `exec` has started on this machine. */
  narrowTokens: NarrowToken[];
  problem: Problem<"logged_out" | "credential_store"> | undefined;
}

/** The identity of this CI job or workload. */
export interface FederationStatus {
  /** A value of `--federation`. */
  provider: string;
  server: string | undefined;
  problem: Problem<"server_unknown" | "identity_unavailable"> | undefined;
}

interface Problem<Code> {
  code: Code;
  message: string;
}

export interface StatusReport {
  /** The login that `token` would use; undefined if there is none. */
  source: "environment" | "federation" | CredentialStore["kind"] | undefined;
  /** Whether the environment's token expired. */
  expired: boolean;
  environment: EnvironmentSource | undefined;
  active: LoginStatus | undefined;
  logins: LoginStatus[];
  federation: FederationStatus | undefined;
}

export async function statusReport(io: ClientIo): Promise<StatusReport> {
  const environment = environmentSource({}, io);
  const federation = await federationStatus(io);
  // A CI job with a token or an identity may have no home folder.
  const mayLackFolder = environment !== undefined || federation !== undefined;
  const entries = mayLackFolder && findConfigFolder(io) === undefined ? [] : await listLogins(io);
  const logins = await Promise.all(entries.map((login) => loginStatus(login, io)));
  const active = logins.find((login) => login.active);
  // As `token` does: a login comes first, even one that expired.
  const isFederated = logins.length === 0 && federation && federation.problem === undefined;
  return {
    source: environment
      ? "environment"
      : active?.expiresAt !== undefined
      ? active.source
      : isFederated
      ? "federation"
      : undefined,
    expired: environment?.expiresAt !== undefined && environment.socket === undefined &&
      environment.expiresAt <= io.clock.now(),
    ...{ environment, active, logins, federation },
  };
}

async function loginStatus(
  login: Login,
  io: Pick<ClientIo, "clock" | "env" | "platform">,
): Promise<LoginStatus> {
  let credentials: Credentials | undefined;
  let problem: LoginStatus["problem"];
  try {
    credentials = await login.loginStore.store.get(login);
    if (!credentials) {
      problem = { code: "logged_out", message: `logged out; run: ${brand.binaryName} login` };
    }
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    problem = { code: "credential_store", message: error.message };
  }
  return {
    server: login.server,
    account: login.account,
    name: credentials?.loginName ?? login.entry.name,
    resources: login.entry.resources ?? [],
    active: login.active,
    source: login.kind,
    storeDescription: login.loginStore.store.description,
    expiresAt: credentials && accessTokenExpiry(credentials, io.clock.now()).expiresAt,
    scope: credentials?.scope,
    renewable: credentials?.refreshToken !== undefined,
    narrowTokens: credentials === undefined
      ? []
      : listNarrowTokens(unverifiedClaims(credentials.accessToken)?.sid, io),
    problem,
  };
}

async function federationStatus(io: ClientIo): Promise<FederationStatus | undefined> {
  const provider = detectProvider(io.env);
  if (provider === undefined) return undefined;
  try {
    const server = await federationServer({}, io);
    const message = provider.obstacle(server, io.env);
    const problem = message === undefined
      ? undefined
      : { code: "identity_unavailable" as const, message };
    return { provider: provider.name, server, problem };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const problem = { code: "server_unknown" as const, message: error.message };
    return { provider: provider.name, server: undefined, problem };
  }
}
