import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { insertPasskey, listPasskeys, recordPasskeyChallenge } from "../store/passkeys.ts";
import { expirePasswordLinks, usePasswordLink } from "../store/password_links.ts";
import {
  hasSignInMethod,
  lockUser,
  nameProblem,
  updateUserRow,
  type User,
} from "../store/users.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { suggestPasskeyName } from "./authenticator_names.ts";
import { type ChallengeDeps, type ValidChallenge, verifyChallenge } from "./challenge.ts";
import { parseRegistration } from "./credential_json.ts";
import { passkeyAddedMail } from "./passkey_mail.ts";
import { rejectPasskey } from "./rejection.ts";
import { relyingParty } from "./relying_party.ts";
import { readClientData, type VerifiedRegistration, verifyRegistration } from "./webauthn.ts";

/** More than anyone's devices and password managers. */
export const MAX_PASSKEYS = 20;

export interface RegisterDeps extends ChallengeDeps {
  issuer: string;
  sql: Sql;
  clock: Clock;
  mail: Pick<Mail, "send">;
}

/** The response of the browser to `registrationOptions`. */
export interface RegistrationResponse {
  /** As JSON. */
  credential: string | undefined;
  browserToken: string | undefined;
  /** Undefined or empty: a name is suggested. */
  name?: string;
  address: string;
  userAgent: string;
}

export interface RegisteredPasskey {
  id: string;
  name: string;
}

/** Adds a passkey to the account of a user who is signed in. */
export async function registerPasskey(
  deps: RegisterDeps,
  userId: string,
  response: RegistrationResponse,
): Promise<RegisteredPasskey | DomainError> {
  const verified = await verify(deps, userId, response);
  if (verified instanceof DomainError) return verified;
  const { sql, issuer, mail, clock } = deps;
  const added = await commit(sql, async (tx) => {
    const user = await lockUser(tx, userId);
    if (user === undefined || user.disabledAt !== undefined) return rejectPasskey("disabled");
    const passkey = await add(tx, deps, user, response, verified);
    return passkey instanceof DomainError ? passkey : { user, passkey };
  });
  if (added instanceof DomainError) return added;
  const { user, passkey: { id, name } } = added;
  const change = { name, at: new Date(clock.now()), address: response.address };
  mail.send(passkeyAddedMail(user.email, issuer, change));
  return { id, name };
}

/**
 * Adds the passkey with which a new user signs in, in place of a password, with the link to choose
 * one. `conflict` if the link cannot be used any more.
 */
export async function registerPasskeyByLink(
  deps: RegisterDeps,
  { userId, token }: { userId: string; token: string },
  response: RegistrationResponse,
): Promise<RegisteredPasskey | DomainError> {
  const verified = await verify(deps, userId, response);
  if (verified instanceof DomainError) return verified;
  const now = new Date(deps.clock.now());
  return await commit(deps.sql, async (tx) => {
    const used = await usePasswordLink(tx, { tokenHash: tokenHash(token), now });
    // For anyone else the link would stand for every factor that they have: who reads their mail would
    // get a passkey, which is worth more than the password that the link is for.
    if (used === undefined || used.user.id !== userId || await hasSignInMethod(tx, userId)) {
      return new DomainError("conflict", "This link was used or has expired.");
    }
    if (used.mailed) await updateUserRow(tx, userId, { emailVerified: true });
    await expirePasswordLinks(tx, { userId, now });
    return await add(tx, deps, used.user, response, verified);
  });
}

type Verified = VerifiedRegistration & { challenge: ValidChallenge; transports: string[] };

async function verify(
  deps: RegisterDeps,
  userId: string,
  { credential, browserToken, name = "" }: RegistrationResponse,
): Promise<Verified | DomainError> {
  const party = relyingParty(deps.issuer);
  if (party === undefined) return rejectPasskey("unavailable");
  if (name !== "") {
    const problem = nameProblem(name);
    if (problem !== undefined) return new DomainError("invalid", problem, { field: "name" });
  }
  const response = parseRegistration(credential);
  if (response instanceof DomainError) return response;
  const client = readClientData(response.response.clientDataJSON);
  // Our pages may not be framed (WebAuthn section 7.1, step 10).
  if (client === undefined || client.crossOrigin) return rejectPasskey("invalid");
  const challenge = verifyChallenge(deps, { register: userId }, browserToken, client.challenge);
  if (typeof challenge === "string") return rejectPasskey(challenge);
  const verified = await verifyRegistration(response, { party, challenge: client.challenge });
  if (verified === undefined) return rejectPasskey("invalid");
  return { ...verified, challenge, transports: response.response.transports ?? [] };
}

async function add(
  tx: Transaction,
  { clock }: RegisterDeps,
  user: User,
  { name = "", address, userAgent }: RegistrationResponse,
  verified: Verified,
): Promise<RegisteredPasskey | DomainError> {
  const { challenge, ...credential } = verified;
  if (!await recordPasskeyChallenge(tx, challenge)) return rejectPasskey("replayed");
  const names = (await listPasskeys(tx, user.id)).map((passkey) => passkey.name);
  const chosen = name.trim() === ""
    ? suggestPasskeyName({ ...credential, userAgent }, names)
    : name.trim().normalize("NFC");
  const passkey = { ...credential, userId: user.id, name: chosen, now: new Date(clock.now()) };
  const inserted = await insertPasskey(tx, passkey, MAX_PASSKEYS);
  if (inserted === "taken") {
    return new DomainError("conflict", "This passkey was already added.", { reason: "taken" });
  }
  if (inserted === "too_many") {
    return new DomainError(
      "conflict",
      `You have ${MAX_PASSKEYS} passkeys, which is the limit. Remove one first.`,
      { reason: "too_many" },
    );
  }
  await recordAuditEvent(tx, clock, {
    event: "passkey.added",
    actor: user.id,
    subject: user.id,
    address,
    details: {
      passkey: inserted.id,
      name: chosen,
      aaguid: credential.aaguid,
      backup_eligible: credential.backupEligible,
      backed_up: credential.backedUp,
    },
  });
  return { id: inserted.id, name: chosen };
}

/** Rolls back what fails, so that neither the link nor the challenge is used up. */
async function commit<T>(
  sql: Sql,
  write: (tx: Transaction) => Promise<T | DomainError>,
): Promise<T | DomainError> {
  return await sql.begin(async (tx) => {
    const result = await write(tx);
    if (result instanceof DomainError) throw result;
    return result;
  }).catch((error) => {
    if (error instanceof DomainError) return error;
    throw error;
  }) as T | DomainError;
}
