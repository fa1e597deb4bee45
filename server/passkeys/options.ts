/** What a page passes to `navigator.credentials` (WebAuthn sections 5.4 and 5.5), as JSON. */
import { Buffer } from "node:buffer";
import type { Sql } from "../store/db/connect.ts";
import { listPasskeys, type Passkey } from "../store/passkeys.ts";
import type { User } from "../store/users.ts";
import { CHALLENGE_LIFETIME_MS, type ChallengeDeps, createChallenge } from "./challenge.ts";
import { relyingParty } from "./relying_party.ts";
import { ALGORITHMS } from "./webauthn.ts";

export interface OptionsDeps extends ChallengeDeps {
  issuer: string;
  sql: Sql;
}

/** Identifies the user to the authenticator, and says nothing about them (section 14.6.1). */
export function userHandle(userId: string): string {
  return Buffer.from(userId).toString("base64url");
}

/** To register a passkey of `user`. Undefined if browsers allow none at the issuer's address. */
export async function registrationOptions(
  deps: OptionsDeps,
  { user, browserToken }: { user: User; browserToken: string },
): Promise<object | undefined> {
  const party = relyingParty(deps.issuer);
  if (party === undefined) return undefined;
  const passkeys = await listPasskeys(deps.sql, user.id);
  return {
    challenge: createChallenge(deps, { register: user.id }, browserToken),
    rp: { id: party.id, name: party.name },
    user: { id: userHandle(user.id), name: user.email, displayName: user.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    timeout: CHALLENGE_LIFETIME_MS,
    excludeCredentials: passkeys.map(descriptor),
    // Every passkey can be used without typing a name.
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
    attestation: "none",
  };
}

/**
 * To sign in with a passkey of any user or, with `user`, to confirm who it is with a passkey of this
 * account. Undefined if browsers allow none at the issuer's address, or if this user has none.
 */
export async function requestOptions(
  deps: OptionsDeps,
  { user, browserToken }: { user?: Pick<User, "id">; browserToken: string },
): Promise<object | undefined> {
  const party = relyingParty(deps.issuer);
  if (party === undefined) return undefined;
  const passkeys = user === undefined
    ? []
    : (await listPasskeys(deps.sql, user.id)).filter(({ blockedAt }) => blockedAt === undefined);
  if (user !== undefined && passkeys.length === 0) return undefined;
  const purpose = user === undefined ? "sign_in" : { confirm: user.id };
  return {
    challenge: createChallenge(deps, purpose, browserToken),
    rpId: party.id,
    timeout: CHALLENGE_LIFETIME_MS,
    userVerification: "required",
    allowCredentials: passkeys.map(descriptor),
  };
}

function descriptor({ credentialId, transports }: Passkey) {
  const id = Buffer.from(credentialId).toString("base64url");
  return { type: "public-key", id, transports };
}
