import { createHash } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import { rateLimitKey, subscriberNetwork } from "../http/client_ip.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  countAttempt,
  type CountedAttempt,
  type CountedSubject,
  type FailureCount,
} from "../store/failed_attempts.ts";

/**
 * Limits on guesses. They count failures alone, and no success resets them: else
 * a guesser would reset his own by signing in between. Addresses count by
 * `rateLimitKey`, and IPv6 also by `subscriberNetwork`, so that a subscriber has one
 * count and not 2^64, nor 256.
 */
export const PASSWORD_LIMITS = {
  account: { limit: 10, windowSeconds: 15 * 60 },
  address: { limit: 100, windowSeconds: 15 * 60 },
  subscriber: { limit: 200, windowSeconds: 15 * 60 },
} as const;

/**
 * RFC 8628 section 5.1. A user code is one of 20^8 = 2.56 * 10^10, 34.6 bits, and
 * only people who have signed in may try one. While a code of the default 15
 * minutes lives, an account has 10 tries: it hits that code with a chance of
 * 3.9 * 10^-10 (2^-31.3), an address with 100 tries 3.9 * 10^-9 (2^-27.9). With n
 * codes alive at a time, an account that tries without pause hits any of them at
 * n * 3.9 * 10^-10 an hour: for n = 100 once in 2,900 years.
 */
export const USER_CODE_LIMITS = {
  account: { limit: 10, windowSeconds: 3600 },
  address: { limit: 100, windowSeconds: 3600 },
  subscriber: { limit: 200, windowSeconds: 3600 },
} as const;

/** Refused workloads of one address that are written down: anybody can send tokens that are none. */
const REFUSAL_LIMIT = { limit: 100, windowSeconds: 3600 } as const;

/** Counts a refused workload; false once so many were that no more are written down. */
export async function checkRefusalLimit(
  sql: Sql,
  refusal: { address: string; now: Date },
): Promise<boolean> {
  const { attempt } = await countAttempt(
    sql,
    [{
      kind: "workload_refused",
      subject: subscriberNetwork(refusal.address),
      ...REFUSAL_LIMIT,
    }],
    refusal.now,
    ([count]) => count.blockedUntil === undefined,
  );
  return attempt !== undefined;
}

/**
 * Either the attempt may go on, counted as failed until forgiven, or the wait.
 * `fills` names the limits that are reached if it fails: worth a note once,
 * where noting each refusal would let a guesser fill the audit log.
 */
export type Admission =
  | { attempt: CountedAttempt; fills: ("account" | "address")[] }
  | { retryAfterSeconds: number };

/**
 * Counts an attempt at a password before it is checked. `knownHere`: the account
 * has signed in from this address before, so that others who fail at the same
 * address do not keep it out; its own limit holds nevertheless. There its failures
 * have a count of their own, so that strangers elsewhere cannot keep it out either.
 * `browser` names a browser in which the account is signed in, or a link that was mailed
 * to its person: there it has a count of its own wherever it is.
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
): Promise<Admission> {
  return await admit(
    sql,
    [
      // An unknown address counts like an account, so that the limit tells nobody
      // who has one; hashed, since people type passwords into the wrong field.
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
 * Counts an attempt at a user code before it is looked up. When an address is at
 * its limit, people behind it who have made no mistake themselves may go on: an
 * office behind one address is not locked out by one of its desks.
 */
export async function checkUserCodeLimit(
  sql: Sql,
  attempt: { userId: string; address: string; now: Date },
): Promise<Admission> {
  return await admit(
    sql,
    [
      { kind: "user_code_account", subject: attempt.userId, ...USER_CODE_LIMITS.account },
      ...networks("user_code", attempt.address, USER_CODE_LIMITS),
    ],
    attempt.now,
    (account) => account.failures === 0,
  );
}

type Limits = typeof PASSWORD_LIMITS | typeof USER_CODE_LIMITS;

/** The networks that an attempt counts for: one, or two of IPv6. */
function networks(kind: string, address: string, limits: Limits): CountedSubject[] {
  const [narrow, wide] = [rateLimitKey(address), subscriberNetwork(address)];
  const counted = { kind: `${kind}_address`, subject: narrow, ...limits.address };
  if (wide === narrow) return [counted];
  return [counted, { kind: `${kind}_subscriber`, subject: wide, ...limits.subscriber }];
}

async function admit(
  sql: Sql,
  subjects: [account: CountedSubject, ...networks: CountedSubject[]],
  now: Date,
  exemptFromNetworkLimits: (account: FailureCount) => boolean,
): Promise<Admission> {
  const blocking = ([account, ...networks]: FailureCount[]) =>
    [account, ...exemptFromNetworkLimits(account) ? [] : networks]
      .map((count) => count.blockedUntil)
      .filter((until) => until !== undefined);
  const { counts, attempt } = await countAttempt(
    sql,
    subjects,
    now,
    (counts) => blocking(counts).length === 0,
  );
  if (attempt !== undefined) {
    const filled = subjects.map(({ limit }, index) => counts[index].failures + 1 === limit);
    const fills: ("account" | "address")[] = filled[0] ? ["account"] : [];
    if (filled.slice(1).includes(true)) fills.push("address");
    return { attempt, fills };
  }
  const until = Math.max(...blocking(counts).map((date) => date.getTime()));
  return { retryAfterSeconds: Math.max(1, Math.ceil((until - now.getTime()) / 1000)) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
