import { createHash } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import { DomainError } from "../domain_error.ts";
import { rateLimitKey, subscriberNetwork } from "../http/client_ip.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  countAttempt,
  type CountedAttempt,
  type CountedSubject,
  type FailureCount,
} from "../store/failed_attempts.ts";

/**
 * Limits on password guesses. Only failures count, and a success does not reset them: otherwise an
 * attacker could reset the address's count by signing in to their own account. Addresses count by
 * `rateLimitKey`, IPv6 addresses also by `subscriberNetwork`: a subscriber has 2^64 addresses in
 * each of 256 networks.
 */
export const PASSWORD_LIMITS = {
  account: { limit: 10, windowSeconds: 15 * 60 },
  address: { limit: 100, windowSeconds: 15 * 60 },
  subscriber: { limit: 200, windowSeconds: 15 * 60 },
} as const;

/**
 * Limits on guesses of user codes (RFC 8628 section 5.1). A user code is one of 20^8 = 2.56 * 10^10
 * (34.6 bits), and only signed-in users may enter one. While a code of the default 15 minutes is
 * valid, an account has 10 attempts, which find it with a probability of 3.9 * 10^-10 (2^-31.3);
 * an address has 100, with 3.9 * 10^-9 (2^-27.9). If n codes are valid at a time, an account that
 * guesses without pause finds one of them at a rate of n * 3.9 * 10^-10 an hour: for n = 100, once
 * in 2,900 years.
 */
export const USER_CODE_LIMITS = {
  account: { limit: 10, windowSeconds: 3600 },
  address: { limit: 100, windowSeconds: 3600 },
  subscriber: { limit: 200, windowSeconds: 3600 },
} as const;

/**
 * Limits on guesses of second factors. Three codes of an authenticator app are valid at a time, so
 * one guess succeeds with a probability of 3 * 10^-6. Who has the password of an account has 20
 * guesses a day: they succeed within a year with a probability of 2 percent, and the user is
 * notified by mail. A browser that the user signed in with before has a larger limit.
 */
export const SECOND_FACTOR_LIMITS = {
  account: { limit: 10, windowSeconds: 12 * 3600 },
  browser: { limit: 10, windowSeconds: 15 * 60 },
  /**
   * In all known browsers together: someone may have signed in from many before there was a second
   * factor. More than one of them can use up.
   */
  browsers: { limit: 500, windowSeconds: 12 * 3600 },
  address: { limit: 100, windowSeconds: 15 * 60 },
  subscriber: { limit: 200, windowSeconds: 15 * 60 },
} as const;

/**
 * Limits on requests for links to reset a password: each sends an e-mail. An account that reached
 * its limit has several links that work.
 */
export const RESET_LIMITS = {
  account: { limit: 3, windowSeconds: 3600 },
  address: { limit: 20, windowSeconds: 3600 },
  subscriber: { limit: 40, windowSeconds: 3600 },
} as const;

/** Maximum audited rejections per network: anyone can send invalid tokens. */
const REJECTION_LIMIT = { limit: 100, windowSeconds: 3600 } as const;

/** Counts a rejected workload identity token. Returns whether to audit it. */
export async function checkRejectionLimit(
  sql: Sql,
  rejection: { address: string; now: Date },
): Promise<boolean> {
  const { attempt } = await countAttempt(
    sql,
    [{
      kind: "workload_refused",
      subject: subscriberNetwork(rejection.address),
      ...REJECTION_LIMIT,
    }],
    rejection.now,
    ([count]) => count.blockedUntil === undefined,
  );
  return attempt !== undefined;
}

/** Tests of trust rules by one administrator: each may cause a request to an issuer. */
const RULE_TEST_LIMIT = { limit: 60, windowSeconds: 3600 } as const;

/** Counts a test of a trust rule with a token. */
export async function checkRuleTestLimit(
  sql: Sql,
  test: { userId: string; now: Date },
): Promise<DomainError | undefined> {
  const subject = { kind: "rule_test", subject: test.userId, ...RULE_TEST_LIMIT };
  const { counts: [{ blockedUntil }], attempt } = await countAttempt(
    sql,
    [subject],
    test.now,
    ([count]) => count.blockedUntil === undefined,
  );
  if (attempt !== undefined || blockedUntil === undefined) return undefined;
  const seconds = Math.max(1, Math.ceil((blockedUntil.getTime() - test.now.getTime()) / 1000));
  return new DomainError(
    "rate_limited",
    `You have tested ${RULE_TEST_LIMIT.limit} tokens within an hour. Try again in ` +
      `${Math.ceil(seconds / 60)} minutes, or use \`admin trust test\`.`,
    { field: "token", retryAfterSeconds: seconds },
  );
}

/** An attempt that is within the limits. It counts as failed until it is released. */
export interface AllowedAttempt {
  attempt: CountedAttempt;
  /**
   * The limits that are reached if it fails. The caller audits these, not each rejection, which
   * would let an attacker fill the audit log.
   */
  reachesLimits: ("account" | "address")[];
}

/**
 * Counts an attempt at a password before the password is checked. With `knownHere`, the account
 * has signed in from this address before: the limit of the address does not apply, and the
 * account's failures here have a count of their own, so that neither attackers at this address
 * nor elsewhere can lock out its user. `browser` identifies a browser in which the account is
 * signed in, or a link that was mailed to its user: each has a count of its own at any address.
 */
export async function checkPasswordLimit(
  sql: Sql,
  attempt: {
    userId?: string;
    email: string;
    address: string;
    knownHere: boolean;
    browser?: string;
    now: Date;
  },
): Promise<AllowedAttempt | DomainError> {
  return await countWithinLimits(
    sql,
    [
      // An unknown e-mail address counts like an account, so that the limit does not disclose
      // which accounts exist. Hashed: users type passwords into the wrong field.
      {
        kind: "password_account",
        subject: accountSubject(attempt),
        ...PASSWORD_LIMITS.account,
      },
      ...networks("password", attempt.address, PASSWORD_LIMITS),
    ],
    attempt.now,
    () => attempt.knownHere || attempt.browser !== undefined,
  );
}

function accountSubject(
  { userId, email, address, knownHere, browser }: {
    userId?: string;
    email: string;
    address: string;
    knownHere: boolean;
    browser?: string;
  },
): string {
  if (userId === undefined) return sha256(nameKey(email));
  if (browser !== undefined) return `${userId} ${browser}`;
  return knownHere ? `${userId} ${rateLimitKey(address)}` : userId;
}

/**
 * Counts an attempt at a second factor before the code is checked. Only for a user whose first
 * factor was accepted, so that only someone with the
 * password can use up the attempts. `knownHere` and `browser` are
 * as for passwords: an attacker with the password cannot
 * lock its user out where they usually sign in. A
 * new password starts a new count, since it ends what an attacker knew.
 */
export async function checkSecondFactorLimit(
  sql: Sql,
  { user, address, knownHere, browser, now }: {
    user: { id: string; passwordHash?: string };
    address: string;
    knownHere: boolean;
    browser?: string;
    now: Date;
  },
): Promise<AllowedAttempt | DomainError> {
  const password = sha256(user.passwordHash ?? "");
  const place = browser ?? (knownHere ? rateLimitKey(address) : "elsewhere");
  const isKnown = browser !== undefined;
  return await countWithinLimits(
    sql,
    [
      {
        kind: "second_factor_account",
        subject: `${user.id} ${password} ${place}`,
        ...isKnown ? SECOND_FACTOR_LIMITS.browser : SECOND_FACTOR_LIMITS.account,
      },
      ...networks("second_factor", address, SECOND_FACTOR_LIMITS),
    ],
    now,
    () => knownHere || isKnown,
    isKnown || knownHere
      ? {
        kind: "second_factor_known",
        subject: `${user.id} ${password}`,
        ...SECOND_FACTOR_LIMITS.browsers,
      }
      : undefined,
  );
}

/** Mails about wrong codes to one user. */
const WRONG_CODES_MAIL_LIMIT = { limit: 1, windowSeconds: 12 * 3600 } as const;

/** Whether to send this user a mail about wrong codes. */
export async function checkMailLimit(sql: Sql, userId: string, now: Date): Promise<boolean> {
  const { attempt } = await countAttempt(
    sql,
    [{ kind: "second_factor_mail", subject: userId, ...WRONG_CODES_MAIL_LIMIT }],
    now,
    ([count]) => count.blockedUntil === undefined,
  );
  return attempt !== undefined;
}

/**
 * Counts an attempt at a user code before the code is looked up. The limit of an address does not
 * apply to accounts without failures: one user does not lock out an office behind one address.
 */
export async function checkUserCodeLimit(
  sql: Sql,
  attempt: { userId: string; address: string; now: Date },
): Promise<AllowedAttempt | DomainError> {
  return await countWithinLimits(
    sql,
    [
      { kind: "user_code_account", subject: attempt.userId, ...USER_CODE_LIMITS.account },
      ...networks("user_code", attempt.address, USER_CODE_LIMITS),
    ],
    attempt.now,
    (account) => account.failures === 0,
  );
}

/**
 * Counts a request for a link to reset a password. Returns whether to send one: the response to the
 * request must not depend on it, since only the limit of the network is the requester's own.
 */
export async function checkResetLimit(
  sql: Sql,
  { email, address, now }: { email: string; address: string; now: Date },
): Promise<boolean | DomainError> {
  const account = {
    kind: "reset_account",
    subject: sha256(nameKey(email)),
    ...RESET_LIMITS.account,
  };
  const counted = networks("reset", address, RESET_LIMITS);
  const { counts, attempt } = await countAttempt(
    sql,
    [account, ...counted],
    now,
    (counts) => counts.every(({ blockedUntil }) => blockedUntil === undefined),
  );
  if (attempt !== undefined) return true;
  const [, ...networkCounts] = counts;
  if (networkCounts.every(({ blockedUntil }) => blockedUntil === undefined)) {
    // A request for an account that reached its limit counts for the network as well.
    await countAttempt(sql, counted, now, () => true);
    return false;
  }
  return rateLimited(networkCounts, now);
}

/** Mails to confirm a new address: by one user, and to one address. */
const ADDRESS_LIMITS = {
  account: { limit: 5, windowSeconds: 3600 },
  recipient: { limit: 3, windowSeconds: 3600 },
} as const;

/**
 * Counts a user's request to confirm a new address. Returns whether to send a mail: the response
 * must not depend on it, since others may have caused the mails that an address got.
 */
export async function checkAddressLimit(
  sql: Sql,
  { userId, email, now }: { userId: string; email: string; now: Date },
): Promise<boolean | DomainError> {
  const account = { kind: "address_account", subject: userId, ...ADDRESS_LIMITS.account };
  const { counts, attempt } = await countAttempt(
    sql,
    [account],
    now,
    ([count]) => count.blockedUntil === undefined,
  );
  if (attempt === undefined) return rateLimited(counts, now);
  const subject = sha256(nameKey(email));
  const recipient = { kind: "address_recipient", subject, ...ADDRESS_LIMITS.recipient };
  const sent = await countAttempt(
    sql,
    [recipient],
    now,
    ([count]) => count.blockedUntil === undefined,
  );
  return sent.attempt !== undefined;
}

type Limits =
  | typeof PASSWORD_LIMITS
  | typeof USER_CODE_LIMITS
  | typeof RESET_LIMITS
  | typeof SECOND_FACTOR_LIMITS;

/** The networks that an attempt counts for: one for IPv4, two for IPv6. */
function networks(kind: string, address: string, limits: Limits): CountedSubject[] {
  const [narrow, wide] = [rateLimitKey(address), subscriberNetwork(address)];
  const counted = { kind: `${kind}_address`, subject: narrow, ...limits.address };
  if (wide === narrow) return [counted];
  return [counted, { kind: `${kind}_subscriber`, subject: wide, ...limits.subscriber }];
}

async function countWithinLimits(
  sql: Sql,
  subjects: [account: CountedSubject, ...networks: CountedSubject[]],
  now: Date,
  exemptFromNetworkLimits: (account: FailureCount) => boolean,
  /** A further limit that always applies. */
  total?: CountedSubject,
): Promise<AllowedAttempt | DomainError> {
  const blocking = ([account, ...others]: FailureCount[]) => {
    const networks = others.slice(0, subjects.length - 1);
    const totals = others.slice(subjects.length - 1);
    return [account, ...totals, ...exemptFromNetworkLimits(account) ? [] : networks]
      .map((count) => count.blockedUntil)
      .filter((until) => until !== undefined);
  };
  const { counts, attempt } = await countAttempt(
    sql,
    total === undefined ? subjects : [...subjects, total],
    now,
    (counts) => blocking(counts).length === 0,
  );
  if (attempt !== undefined) {
    const reached = subjects.map(({ limit }, index) => counts[index].failures + 1 === limit);
    const reachesLimits: AllowedAttempt["reachesLimits"] = reached[0] ? ["account"] : [];
    if (reached.slice(1).includes(true)) reachesLimits.push("address");
    return { attempt, reachesLimits };
  }
  return rateLimited(blocking(counts).map((blockedUntil) => ({ blockedUntil })), now);
}

function rateLimited(counts: readonly Pick<FailureCount, "blockedUntil">[], now: Date) {
  const until = Math.max(...counts.map(({ blockedUntil }) => blockedUntil?.getTime() ?? 0));
  const retryAfterSeconds = Math.max(1, Math.ceil((until - now.getTime()) / 1000));
  return new DomainError("rate_limited", "Too many failed attempts. Try again later.", {
    retryAfterSeconds,
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
