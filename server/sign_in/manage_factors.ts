/** What users do with their authenticator app and recovery codes. */
import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import type { Encryption } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { deletePendingSignIns } from "../store/pending_sign_ins.ts";
import { replaceRecoveryCodes } from "../store/recovery_codes.ts";
import { findSecondFactors, hasSecondFactor } from "../store/second_factors.ts";
import {
  deleteTotpAuthenticator,
  findTotpEnrollment,
  insertTotpAuthenticator,
  insertTotpEnrollment,
  useTotpEnrollment,
} from "../store/totp_authenticators.ts";
import { lockUser, type User } from "../store/users.ts";
import { recoveryCodesCreatedMail, totpAddedMail, totpRemovedMail } from "./method_mail.ts";
import { generateRecoveryCodes, recoveryCodeHash } from "./recovery_code.ts";
import { generateTotpSecret, matchTotpStep, totpSetup } from "./totp.ts";

export interface ManageFactorsDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  encryption: Encryption;
  mail: Pick<Mail, "send">;
}

/** Time to set up an app. */
const ENROLLMENT_LIFETIME_MS = 15 * 60_000;

function enrollmentPlace(holder: string): SealedPlace {
  return { column: "totp_enrollments.secret", row: holder };
}

/** Where the secret of a user's authenticator app is stored. */
export function authenticatorPlace(userId: string): SealedPlace {
  return { column: "totp_authenticators.secret", row: userId };
}

/** Generates the secret of a new app. `holder` is the browser session or the pending sign-in. */
export async function startTotpEnrollment(
  { sql, clock, encryption }: ManageFactorsDeps,
  { holder, userId }: { holder: string; userId: string },
): Promise<void> {
  await insertTotpEnrollment(sql, {
    holder,
    userId,
    secret: encryption.encrypt(generateTotpSecret(), enrollmentPlace(holder)),
    expiresAt: new Date(clock.now() + ENROLLMENT_LIFETIME_MS),
  });
}

/** What the browser that has started it shows; undefined if it has expired. */
export async function showTotpEnrollment(
  { sql, clock, encryption, issuer }: ManageFactorsDeps,
  { holder, user }: { holder: string; user: User },
): Promise<{ uri: string; key: string } | undefined> {
  const now = new Date(clock.now());
  const enrollment = await findTotpEnrollment(sql, { holder, userId: user.id, now });
  if (enrollment === undefined) return undefined;
  const secret = encryption.decrypt(enrollment.secret, enrollmentPlace(holder));
  return await totpSetup(secret, { email: user.email, issuer });
}

/** `gone`: the browser has to start again. */
export type ConfirmedEnrollment = { recoveryCodes?: string[] } | "gone" | DomainError;

/**
 * Sets up the app whose first code the user has entered. Returns recovery codes unless the user has
 * some; they are stored only as hashes. Without `replaces`, the
 * user must not have a second factor yet.
 */
export async function confirmTotpEnrollment(
  { sql, clock, encryption, issuer, mail }: ManageFactorsDeps,
  { holder, user, code, replaces, address }: {
    holder: string;
    user: User;
    code: string;
    replaces: boolean;
    address: string;
  },
): Promise<ConfirmedEnrollment> {
  const now = new Date(clock.now());
  const enrollment = await findTotpEnrollment(sql, { holder, userId: user.id, now });
  if (enrollment === undefined) return "gone";
  const key = encryption.decrypt(enrollment.secret, enrollmentPlace(holder));
  const step = await matchTotpStep(key, code.replace(/[\s-]/g, ""), now.getTime());
  if (step === undefined) {
    return new DomainError(
      "invalid",
      "This code does not match. Enter the code that the app shows now, and check that the clock " +
        "of your phone is set automatically.",
      { field: "code" },
    );
  }
  const confirmed = await sql.begin(async (tx): Promise<ConfirmedEnrollment> => {
    const locked = await lockUser(tx, user.id);
    if (locked === undefined || locked.disabledAt !== undefined) return "gone";
    // Who begins a set-up with the password must not end it beside a factor that was added since.
    if (!replaces && hasSecondFactor(await findSecondFactors(tx, user.id))) return "gone";
    if (!await useTotpEnrollment(tx, { holder, userId: user.id, now })) return "gone";
    const secret = encryption.encrypt(key, authenticatorPlace(user.id));
    const app = { userId: user.id, secret, step, now, replaces };
    if (!await insertTotpAuthenticator(tx, app)) return "gone";
    const { recoveryCodes: left } = await findSecondFactors(tx, user.id);
    const recoveryCodes = left > 0 ? undefined : await newRecoveryCodes(tx, user.id, now);
    const by = { actor: user.id, subject: user.id, address };
    await recordAuditEvent(tx, clock, { event: "totp.enrolled", ...by });
    return { recoveryCodes };
  }) as ConfirmedEnrollment;
  if (typeof confirmed === "object" && !(confirmed instanceof DomainError)) {
    mail.send(totpAddedMail(user.email, issuer, { at: now, address, by: "user" }));
  }
  return confirmed;
}

/** Removes the app, and with the last second factor the recovery codes. */
export async function removeTotp(
  { sql, clock, issuer, mail }: ManageFactorsDeps,
  { user, address }: { user: User; address: string },
): Promise<void> {
  const isRemoved = await sql.begin(async (tx) => {
    await lockUser(tx, user.id);
    if (!await deleteTotpAuthenticator(tx, user.id)) return false;
    if (!hasSecondFactor(await findSecondFactors(tx, user.id))) {
      await replaceRecoveryCodes(tx, { userId: user.id, hashes: [], now: new Date(clock.now()) });
    }
    await deletePendingSignIns(tx, user.id);
    const by = { actor: user.id, subject: user.id, address };
    await recordAuditEvent(tx, clock, { event: "totp.removed", ...by });
    return true;
  }) as boolean;
  if (!isRemoved) return;
  const change = { at: new Date(clock.now()), address, by: "user" } as const;
  mail.send(totpRemovedMail(user.email, issuer, change));
}

/** Replaces all recovery codes; undefined if the user has no second factor that they would replace. */
export async function createRecoveryCodes(
  { sql, clock, issuer, mail }: ManageFactorsDeps,
  { user, address }: { user: User; address: string },
): Promise<string[] | undefined> {
  const now = new Date(clock.now());
  const codes = await sql.begin(async (tx) => {
    await lockUser(tx, user.id);
    if (!hasSecondFactor(await findSecondFactors(tx, user.id))) return undefined;
    const codes = await newRecoveryCodes(tx, user.id, now);
    const by = { actor: user.id, subject: user.id, address };
    await recordAuditEvent(tx, clock, { event: "recovery_codes.created", ...by });
    return codes;
  }) as string[] | undefined;
  if (codes !== undefined) {
    mail.send(recoveryCodesCreatedMail(user.email, issuer, { at: now, address, by: "user" }));
  }
  return codes;
}

async function newRecoveryCodes(tx: Transaction, userId: string, now: Date): Promise<string[]> {
  const codes = generateRecoveryCodes();
  const hashes = codes.map((code) => recoveryCodeHash(code)!);
  await replaceRecoveryCodes(tx, { userId, hashes, now });
  return codes;
}
