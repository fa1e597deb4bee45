import type { Clock } from "../../shared/clock.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import type { UpstreamAccount } from "./account.ts";
import type { UpstreamFailure } from "./failure.ts";
import type { SignInSecrets } from "./sign_in_state.ts";
import type { UpstreamHttp } from "./upstream_fetch.ts";

export interface AuthorizationOptions {
  redirectUri: string;
  /** The user has to authenticate again. */
  fresh?: boolean;
  /** Longest time since the user authenticated, in seconds. */
  maxAge?: number;
  acr?: "2fa" | "phr";
  /** The address that the user entered. */
  loginHint?: string;
}

/** Whether an account still exists at its provider. */
export type AccountCheck =
  | { state: "alive"; refreshToken?: string; account?: UpstreamAccount }
  | { state: "gone"; reason: string }
  | { state: "unknown"; reason: string };

/** A provider with its client, ready for requests. */
export interface UpstreamClient {
  /** Where to send the browser. */
  authorizationUrl(secrets: SignInSecrets, options: AuthorizationOptions): Promise<URL>;
  /** Redeems the response in the query of `callback`. */
  redeem(callback: URL, secrets: SignInSecrets): Promise<UpstreamAccount | UpstreamFailure>;
  /** Asks whether the account of a stored token is alive. */
  check(refreshToken: string, subject: string): Promise<AccountCheck>;
}

export interface ConnectionParameters extends UpstreamHttp {
  provider: IdentityProvider;
  clientSecret: string;
  clock: Clock;
}
