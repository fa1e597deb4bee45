import type { Clock } from "../../shared/clock.ts";
import { type Encryption, EncryptionKeyError } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  type Identity,
  readIdentityRefreshToken,
  recordIdentityCheck,
} from "../store/identities.ts";
import { findIdentityProvider } from "../store/identity_providers.ts";
import type { UpstreamAccount } from "./account.ts";
import { UpstreamFailure } from "./failure.ts";
import type { IdentityProviderClients } from "./identity_provider_clients.ts";
import { refreshTokenPlace, seal, unseal } from "./sealed_text.ts";

export interface RecheckDeps {
  sql: Sql;
  clock: Clock;
  encryption: Encryption;
  identityProviders: Pick<IdentityProviderClients, "connect">;
}

/**
 * `not_kept`: there is no token to ask with. `unknown`: the provider does not answer, or not with
 * something that says that the account is gone.
 */
export type RecheckResult =
  | { state: "alive"; account?: UpstreamAccount }
  | { state: "gone" | "unknown"; reason: string }
  | { state: "not_kept" };

/**
 * Asks the provider of an identity whether the account is still there, with the refresh token of its
 * last sign-in. What follows is the caller's decision. After `gone` the token is forgotten.
 */
export async function recheckIdentity(
  deps: RecheckDeps,
  identity: Pick<Identity, "id" | "provider" | "subject">,
): Promise<RecheckResult> {
  const { sql, clock, identityProviders } = deps;
  const stored = await readIdentityRefreshToken(sql, identity.id);
  const provider = await findIdentityProvider(sql, identity.provider);
  if (stored === undefined || provider === undefined || !provider.recheck) {
    return { state: "not_kept" };
  }
  const client = await identityProviders.connect(provider);
  if (client instanceof UpstreamFailure) return { state: "unknown", reason: client.reason };
  const place = refreshTokenPlace(identity.id);
  let token: string;
  try {
    token = unseal(deps, stored, place);
  } catch (error) {
    if (error instanceof EncryptionKeyError) return { state: "unknown", reason: error.message };
    throw error;
  }
  const checked = await client.check(token, identity.subject);
  if (checked.state === "unknown") return checked;
  const from = await readIdentityRefreshToken(sql, identity.id);
  const isReplaced = from === undefined || unsealed(deps, from, place) !== token;
  if (checked.state === "gone" && isReplaced) {
    // A sign-in or another check has replaced the token meanwhile, so this answer is about nothing.
    return { state: "unknown", reason: "The token was replaced at the same time." };
  }
  const now = new Date(clock.now());
  const refreshToken = checked.state === "gone"
    ? null
    : checked.refreshToken === undefined
    ? undefined
    : seal(deps, checked.refreshToken, place);
  // A rotation of secret_key may have encrypted the same token again.
  await recordIdentityCheck(sql, {
    id: identity.id,
    from: isReplaced ? stored : from,
    refreshToken,
    now,
  });
  return checked.state === "gone" ? checked : { state: "alive", account: checked.account };
}

/** Undefined if it cannot be decrypted. */
function unsealed(
  deps: Pick<RecheckDeps, "encryption">,
  sealed: Uint8Array,
  place: SealedPlace,
): string | undefined {
  try {
    return unseal(deps, sealed, place);
  } catch {
    return undefined;
  }
}
