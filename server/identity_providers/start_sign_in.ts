import type { Clock } from "../../shared/clock.ts";
import { subscriberNetwork } from "../http/client_ip.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import type { Sql } from "../store/db/connect.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import { insertUpstreamSignIn, type UpstreamSignIn } from "../store/upstream_sign_ins.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { UpstreamFailure } from "./failure.ts";
import type { IdentityProviderClients } from "./identity_provider_clients.ts";
import type { AuthorizationOptions } from "./protocol.ts";
import { redirectUri } from "./redirect_uri.ts";
import { newSignInSecrets } from "./sign_in_state.ts";

/** Enough to enter a password and a second factor at the provider. */
const LIFETIME_MS = 15 * 60_000;
/** By network, within the lifetime: an office that starts to work in the morning. */
const MAX_STARTED = 500;

export interface StartDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  secrets: Pick<ServerSecrets, "formKey">;
  identityProviders: Pick<IdentityProviderClients, "connect">;
}

export type StartedSignIn =
  & Omit<UpstreamSignIn, "provider" | "startedAt" | "acr">
  & Pick<AuthorizationOptions, "acr" | "maxAge" | "loginHint">
  & {
    /** The cookie of the browser, which must present the response. */
    browserToken: string;
    address: string;
  };

/** Starts a sign-in at a provider; returns the URL to send the browser to. */
export async function startUpstreamSignIn(
  deps: StartDeps,
  provider: IdentityProvider,
  { browserToken, address, maxAge, loginHint, ...started }: StartedSignIn,
): Promise<URL | UpstreamFailure> {
  const client = await deps.identityProviders.connect(provider);
  if (client instanceof UpstreamFailure) return client;
  const secrets = newSignInSecrets(deps);
  const now = deps.clock.now();
  const isStarted = await insertUpstreamSignIn(deps.sql, {
    ...started,
    provider: provider.name,
    stateHash: tokenHash(secrets.state),
    browserHash: tokenHash(browserToken),
    network: subscriberNetwork(address),
    startedAt: new Date(now),
    expiresAt: new Date(now + LIFETIME_MS),
    since: new Date(now - LIFETIME_MS),
    limit: MAX_STARTED,
  });
  if (!isStarted) {
    return new UpstreamFailure(
      "too_many",
      `More than ${MAX_STARTED} sign-ins were started from ${subscriberNetwork(address)}.`,
    );
  }
  return await client.authorizationUrl(secrets, {
    redirectUri: redirectUri(deps, provider.name),
    fresh: started.fresh,
    maxAge,
    acr: started.acr,
    loginHint,
  });
}
