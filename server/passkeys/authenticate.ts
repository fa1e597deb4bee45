import { Buffer } from "node:buffer";
import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  blockPasskey,
  findPasskeyByCredential,
  type Passkey,
  recordPasskeyChallenge,
  recordPasskeyUse,
  type StoredPasskey,
} from "../store/passkeys.ts";
import type { User } from "../store/users.ts";
import { type ChallengeDeps, type ValidChallenge, verifyChallenge } from "./challenge.ts";
import { type AuthenticationJson, parseAuthentication } from "./credential_json.ts";
import { userHandle } from "./options.ts";
import { passkeyBlockedMail } from "./passkey_mail.ts";
import { type PasskeyRejection, rejectPasskey } from "./rejection.ts";
import { relyingParty } from "./relying_party.ts";
import { readClientData, type VerifiedAssertion, verifyAssertion } from "./webauthn.ts";

export interface AuthenticateDeps extends ChallengeDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  mail: Pick<Mail, "send">;
}

/** The response of the browser to `requestOptions`. */
export interface AuthenticationResponse {
  /** As JSON. */
  credential: string | undefined;
  browserToken: string | undefined;
  /** The user who confirms who they are; undefined if the passkey says who signs in. */
  userId?: string;
  address: string;
}

export interface PasskeyAuthentication {
  user: User;
  passkey: Passkey;
  /** RFC 8176: `hwk` for a key that cannot leave its device, and `user` for user presence. */
  amr: ["hwk" | "swk", "user"];
}

/**
 * Accepts a passkey, once: each challenge and each value of the counter. What was rejected is
 * recorded.
 */
export async function authenticateWithPasskey(
  deps: AuthenticateDeps,
  response: AuthenticationResponse,
): Promise<PasskeyAuthentication | DomainError> {
  const assertion = parseAuthentication(response.credential);
  if (assertion instanceof DomainError) return assertion;
  const stored = await findPasskeyByCredential(deps.sql, Buffer.from(assertion.id, "base64url"));
  const reason = await accept(deps, response, assertion, stored);
  if (reason === undefined && stored !== undefined) {
    const { user, passkey } = stored;
    return { user, passkey, amr: [passkey.backupEligible ? "swk" : "hwk", "user"] };
  }
  const rejection = reason ?? "unknown";
  await recordRepeatedAuditEvent(deps.sql, deps.clock, {
    event: "signin.failed",
    subject: stored?.user.id ?? response.userId,
    address: response.address,
    details: { method: "passkey", reason: rejection },
  });
  return rejectPasskey(rejection);
}

/** Undefined if the passkey is accepted, which is recorded then. */
async function accept(
  deps: AuthenticateDeps,
  { browserToken, userId, address }: AuthenticationResponse,
  { response }: AuthenticationJson,
  stored: { passkey: StoredPasskey; user: User } | undefined,
): Promise<PasskeyRejection | undefined> {
  const party = relyingParty(deps.issuer);
  if (party === undefined) return "unavailable";
  const client = readClientData(response.clientDataJSON);
  // Our pages may not be framed (WebAuthn section 7.2, step 13).
  if (client === undefined || client.crossOrigin) return "invalid";
  const purpose = userId === undefined ? "sign_in" : { confirm: userId };
  const challenge = verifyChallenge(deps, purpose, browserToken, client.challenge);
  if (typeof challenge === "string") return challenge;
  if (stored === undefined) return "unknown";

  const { passkey, user } = stored;
  if (userId !== undefined && passkey.userId !== userId) return "other_user";
  // Step 6: the handle says who signs in, unless that is known.
  const handle = response.userHandle ?? undefined;
  const isOwner = handle === undefined ? userId !== undefined : handle === userHandle(user.id);
  if (!isOwner) return "invalid";
  const verified = await verifyAssertion({
    ...passkey,
    response,
    party,
    challenge: client.challenge,
  });
  // Step 18: whether a credential may be backed up never changes.
  if (verified === undefined || verified.backupEligible !== passkey.backupEligible) {
    return "invalid";
  }
  if (user.disabledAt !== undefined) return "disabled";
  return await recordUse(deps, { passkey, user, verified, challenge, address });
}

async function recordUse(
  deps: AuthenticateDeps,
  { passkey, user, verified, challenge, address }: {
    passkey: StoredPasskey;
    user: User;
    verified: VerifiedAssertion;
    challenge: ValidChallenge;
    address: string;
  },
): Promise<PasskeyRejection | undefined> {
  const { sql, clock, mail, issuer } = deps;
  const { id, name } = passkey;
  const now = new Date(clock.now());
  const { signCount, backedUp } = verified;
  const result = await sql.begin(async (tx) => {
    // First, so that a copy of this response does not block the passkey.
    if (!await recordPasskeyChallenge(tx, challenge)) return "replayed";
    if (await recordPasskeyUse(tx, { id, signCount, backedUp, address, now })) return undefined;
    // Step 22: the counter of a copy falls behind. Also if the passkey was removed meanwhile.
    if (!await blockPasskey(tx, { id, now })) return "blocked";
    await recordAuditEvent(tx, clock, {
      event: "passkey.counter_mismatch",
      actor: user.id,
      subject: user.id,
      address,
      details: { passkey: id, name, stored: passkey.signCount, presented: signCount },
    });
    return "newly_blocked";
  }) as "replayed" | "blocked" | "newly_blocked" | undefined;
  if (result === "newly_blocked") {
    mail.send(passkeyBlockedMail(user.email, issuer, { name, at: now, address }));
    return "blocked";
  }
  return result;
}
