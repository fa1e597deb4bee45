import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Mail } from "../notifications/mail.ts";
import { type Encryption, EncryptionKeyError } from "../security/encryption.ts";
import type { SealedPlace } from "../security/sealed_columns.ts";
import { checkMailLimit, checkSecondFactorLimit } from "../security/rate_limit.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { releaseAttempt } from "../store/failed_attempts.ts";
import { useRecoveryCode } from "../store/recovery_codes.ts";
import {
  acceptTotpStep,
  findTotpAuthenticator,
  replaceTotpCiphertext,
} from "../store/totp_authenticators.ts";
import type { User } from "../store/users.ts";
import { authenticatorPlace } from "./manage_factors.ts";
import { recoveryCodeUsedMail, wrongCodesMail } from "./method_mail.ts";
import { recoveryCodeHash } from "./recovery_code.ts";
import { matchTotpStep } from "./totp.ts";

export interface VerifySecondFactorDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  encryption: Encryption;
  mail: Pick<Mail, "send">;
}

/** A code that was accepted. */
export interface VerifiedCode {
  /** Of a recovery code: how many are left. */
  recoveryCodesLeft?: number;
}

/**
 * Checks a code of the user's authenticator app, or a recovery code. Each attempt counts for the
 * rate limit of this user before it is checked. Call it only after the first factor: others must not be
 * able to use up the attempts.
 */
export async function verifySecondFactor(
  deps: VerifySecondFactorDeps,
  { user, code, address, knownHere, browser }: {
    user: User;
    /** As the user typed it. */
    code: string;
    address: string;
    /** See checkPasswordLimit. */
    knownHere: boolean;
    browser?: string;
  },
): Promise<VerifiedCode | DomainError> {
  const { sql, clock, issuer, mail } = deps;
  const now = new Date(clock.now());
  const limit = await checkSecondFactorLimit(sql, { user, address, knownHere, browser, now });
  if (limit instanceof DomainError) return limit;
  const by = { actor: user.id, subject: user.id, address };
  const verified = await accept(deps, user, code, now);
  if (verified === undefined) {
    await recordAuditEvent(sql, clock, { event: "second_factor.failed", ...by });
    for (const reached of limit.reachesLimits) {
      const details = { limit: reached };
      await recordAuditEvent(sql, clock, { event: "second_factor.throttled", ...by, details });
    }
    if (limit.reachesLimits.includes("account") && await checkMailLimit(sql, user.id, now)) {
      mail.send(wrongCodesMail(user.email, issuer, { at: now, address, by: "user" }));
    }
    return new DomainError(
      "invalid",
      "This code is incorrect, has expired or has been used. Enter the code that your " +
        "authenticator app shows now, or a recovery code that you have not used.",
      { field: "code" },
    );
  }
  await releaseAttempt(sql, limit.attempt);
  const { recoveryCodesLeft: left } = verified;
  if (left !== undefined) {
    await recordAuditEvent(sql, clock, { event: "recovery_code.used", ...by, details: { left } });
    mail.send(recoveryCodeUsedMail(user.email, issuer, left, { at: now, address, by: "user" }));
  }
  return verified;
}

/** Uses the code up; undefined if it is not valid. */
async function accept(
  { sql, encryption }: VerifySecondFactorDeps,
  user: User,
  entered: string,
  now: Date,
): Promise<VerifiedCode | undefined> {
  const code = entered.replace(/[\s-]/g, "");
  let unreadable: EncryptionKeyError | undefined;
  const authenticator = await findTotpAuthenticator(sql, user.id);
  if (authenticator !== undefined) {
    const { secret } = authenticator;
    const place = authenticatorPlace(user.id);
    const key = decryptOr(encryption, secret, place);
    if (key instanceof EncryptionKeyError) unreadable = key;
    const step = key instanceof EncryptionKeyError
      ? undefined
      : await matchTotpStep(key, code, now.getTime());
    if (step !== undefined) {
      if (!await acceptTotpStep(sql, { userId: user.id, secret, step, now })) return undefined;
      const improved = encryption.improve(secret, place);
      if (improved !== undefined) {
        await replaceTotpCiphertext(sql, { userId: user.id, from: secret, to: improved });
      }
      return {};
    }
  }
  const hash = recoveryCodeHash(code);
  const left = hash === undefined
    ? undefined
    : await sql.begin((tx) => useRecoveryCode(tx, { userId: user.id, hash })) as number | undefined;
  if (left !== undefined) return { recoveryCodesLeft: left };
  // The code of the app may be right: the server is at fault, and its log says how.
  if (unreadable !== undefined) throw unreadable;
  return undefined;
}

function decryptOr(
  encryption: Encryption,
  stored: Uint8Array,
  place: SealedPlace,
): Uint8Array | EncryptionKeyError {
  try {
    return encryption.decrypt(stored, place);
  } catch (error) {
    if (error instanceof EncryptionKeyError) return error;
    throw error;
  }
}
