import type { Clock } from "../../shared/clock.ts";
import type { Sql } from "../store/db/connect.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { type UpstreamSignIn, useUpstreamSignIn } from "../store/upstream_sign_ins.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { UpstreamAccount } from "./account.ts";
import { UpstreamFailure, type UpstreamFailureCode } from "./failure.ts";
import type { IdentityProviderClients } from "./identity_provider_clients.ts";
import { redirectUri } from "./redirect_uri.ts";
import { templateOf } from "./templates.ts";
import { signInSecrets } from "./sign_in_state.ts";

/** How much the clock of a provider may differ from ours. */
const CLOCK_TOLERANCE_MS = 60_000;

export interface FinishDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  secrets: Pick<ServerSecrets, "formKey">;
  identityProviders: Pick<IdentityProviderClients, "connect">;
}

export interface FinishedSignIn {
  /** What the browser had started; undefined: nothing that it may finish. */
  started?: UpstreamSignIn;
  result: UpstreamAccount | UpstreamFailure;
}

/**
 * Takes the response of a provider that a browser brings: uses its state up and redeems the code.
 * `query` is that of the request.
 */
export async function finishUpstreamSignIn(
  deps: FinishDeps,
  provider: IdentityProvider,
  { query, browserToken }: { query: URLSearchParams; browserToken: string | undefined },
): Promise<FinishedSignIn> {
  const states = query.getAll("state");
  if (states.length !== 1 || browserToken === undefined) return { result: unusable("unknown") };
  const [state] = states;
  const started = await useUpstreamSignIn(deps.sql, {
    stateHash: tokenHash(state),
    provider: provider.name,
    browserHash: tokenHash(browserToken),
    now: new Date(deps.clock.now()),
  });
  if (typeof started === "string") return { result: unusable(started) };
  if (provider.disabledAt !== undefined && started.purpose !== "test") {
    const result = new UpstreamFailure("provider_disabled", "The provider is disabled.");
    return { started, result };
  }
  const client = await deps.identityProviders.connect(provider);
  if (client instanceof UpstreamFailure) return { started, result: client };
  const callback = new URL(`${redirectUri(deps, provider.name)}?${query}`);
  const result = await client.redeem(callback, signInSecrets(deps, state));
  if (result instanceof UpstreamFailure) return { started, result };
  return { started, result: checkFreshness(provider, started, result) };
}

/** OpenID Connect Core 1.0 section 3.1.2.1: after prompt=login, what counts is auth_time. */
function checkFreshness(
  provider: IdentityProvider,
  { fresh, startedAt, purpose }: UpstreamSignIn,
  account: UpstreamAccount,
): UpstreamAccount | UpstreamFailure {
  if (!fresh || purpose === "test") return account;
  const { authenticatedAt } = account;
  if (authenticatedAt === undefined) {
    return !templateOf(provider).confirmsFreshness ? account : new UpstreamFailure(
      "no_auth_time",
      "The provider does not say when it authenticated the user (auth_time).",
    );
  }
  return authenticatedAt.getTime() >= startedAt.getTime() - CLOCK_TOLERANCE_MS
    ? account
    : new UpstreamFailure(
      "not_fresh",
      `The provider authenticated the user at ${authenticatedAt.toISOString()}, before it was asked.`,
    );
}

function unusable(why: "unknown" | "other_browser" | "used" | "expired"): UpstreamFailure {
  const codes: Record<typeof why, UpstreamFailureCode> = {
    unknown: "unknown_state",
    other_browser: "other_browser",
    used: "used_state",
    expired: "expired_state",
  };
  return new UpstreamFailure(codes[why], `The state of the response is not usable (${why}).`);
}
