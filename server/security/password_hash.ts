import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { DomainError } from "../domain_error.ts";
import { FairQueue, type FairQueueLimits, type QueuedCaller } from "./fair_queue.ts";

/**
 * scrypt (RFC 7914) with 32 MiB and three passes, one of the configurations that OWASP's Password
 * Storage Cheat Sheet recommends: about 0.3 s on one core.
 */
const COST = { log2N: 15, r: 8, p: 3 };
const KEY_LENGTH = 32;
const SALT_LENGTH = 16;

/** In characters. NIST SP 800-63B: length, not rules about kinds of characters. */
export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;

/** A flood of sign-ins costs bounded CPU time, and does not lock out other networks. */
const LIMITS: FairQueueLimits = {
  running: 4,
  runningPerNetwork: 2,
  waiting: 100,
  waitingPerNetwork: 25,
};

/** What is wrong with a new password, as a message for its user. */
export function passwordProblem(password: string): string | undefined {
  const length = [...password].length;
  if (length < MIN_PASSWORD_LENGTH) {
    return `The password is too short: at least ${MIN_PASSWORD_LENGTH} characters. ` +
      // prose-ok: words that a passphrase consists of
      "A few unrelated words make a good one.";
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return `The password is too long: at most ${MAX_PASSWORD_LENGTH} characters.`;
  }
}

/**
 * The hash to store, as a PHC string (`$scrypt$ln=15,r=8,p=3$salt$key`). It contains its cost, so
 * that the cost can be raised later. `caller` is set for requests. Throws DomainError
 * (`unavailable`) as verifyPassword does.
 */
export async function hashPassword(password: string, caller?: QueuedCaller): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const key = await derive(password, { ...COST, salt, length: KEY_LENGTH }, caller);
  return `$scrypt$ln=${COST.log2N},r=${COST.r},p=${COST.p}$${base64(salt)}$${base64(key)}`;
}

/**
 * Whether the password is the one that was hashed. Without a hash (an unknown account, or one that
 * cannot sign in) it takes as long and returns false, so that timing does not disclose which
 * accounts exist. `caller` is set for requests. Throws DomainError (`unavailable`) if too many
 * passwords are being checked. It is thrown because a returned one is truthy: a caller that
 * forgot it would accept any password.
 */
export async function verifyPassword(
  password: string,
  hash: string | undefined,
  caller?: QueuedCaller,
): Promise<boolean> {
  const stored = hash === undefined ? undefined : parseHash(hash);
  const { salt, key, ...cost } = stored ??
    { ...COST, salt: Buffer.alloc(SALT_LENGTH), key: Buffer.alloc(KEY_LENGTH) };
  // A password over the limit is always wrong; hashing a part of it takes as long.
  const part = password.slice(0, 2 * MAX_PASSWORD_LENGTH);
  const derived = await derive(part, { ...cost, salt, length: key.length }, caller);
  return timingSafeEqual(derived, key) && stored !== undefined && part === password;
}

interface ScryptInput {
  log2N: number;
  r: number;
  p: number;
  salt: Uint8Array;
  length: number;
}

const queue = new FairQueue(
  LIMITS,
  () =>
    new DomainError(
      "unavailable",
      "Too many passwords are being checked. Try again in a few seconds.",
      { retryAfterSeconds: 5 },
    ),
);

function derive(password: string, input: ScryptInput, caller?: QueuedCaller): Promise<Buffer> {
  // An accented letter can be one character or two (NIST SP 800-63B section 3.1.1.2).
  const text = password.normalize("NFKC");
  const cost = { N: 2 ** input.log2N, r: input.r, p: input.p, maxmem: 256 * 1024 * 1024 };
  return queue.run(caller, () =>
    new Promise((resolve, reject) => {
      scrypt(text, input.salt, input.length, cost, (error, key) => {
        if (error) reject(error);
        else resolve(key as Buffer);
      });
    }));
}

function parseHash(hash: string): ScryptInput & { key: Uint8Array } | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]+)\$([\w+/-]+)$/.exec(
    hash,
  );
  if (match === null) return undefined;
  const key = Buffer.from(match[5], "base64");
  const [log2N, r, p] = match.slice(1, 4).map(Number);
  return { log2N, r, p, salt: Buffer.from(match[4], "base64"), key, length: key.length };
}

/** The PHC string format has the standard alphabet without padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
