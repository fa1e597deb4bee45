import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { FairQueue, type FairQueueLimits, type QueuedCaller } from "./fair_queue.ts";

/**
 * scrypt (RFC 7914) at 32 MiB and three passes, one of the settings that OWASP's
 * Password Storage Cheat Sheet holds to be enough: about 0.3 s of one core.
 */
const COST = { log2N: 15, r: 8, p: 3 };
const KEY_LENGTH = 32;
const SALT_LENGTH = 16;

/** Characters a new password must and may have. NIST SP 800-63B: length, not rules on kinds. */
export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 256;

/** Bounds what a flood of sign-ins costs, and what it costs everybody else. */
const LIMITS: FairQueueLimits = {
  running: 4,
  runningPerNetwork: 2,
  waiting: 100,
  waitingPerNetwork: 25,
};

/** Too many passwords are being checked. The answer: try again in a few seconds. */
export class PasswordChecksBusy extends Error {
  override readonly name = "PasswordChecksBusy";
  constructor() {
    super("too many passwords are being checked at once; try again in a few seconds");
  }
}

/** What is wrong with a password somebody chose, in a sentence. */
export function passwordProblem(password: string): string | undefined {
  const length = [...password].length;
  if (length < MIN_PASSWORD_LENGTH) {
    return `The password is too short: at least ${MIN_PASSWORD_LENGTH} characters. ` +
      "A few unrelated words make a good one.";
  }
  if (length > MAX_PASSWORD_LENGTH) {
    return `The password is too long: at most ${MAX_PASSWORD_LENGTH} characters.`;
  }
}

/**
 * The hash to store, as a PHC string (`$scrypt$ln=15,r=8,p=3$salt$key`): it names
 * its own cost, so that the cost can be raised later. `caller` is who asks, where that is
 * a request. Throws PasswordChecksBusy.
 */
export async function hashPassword(password: string, caller?: QueuedCaller): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const key = await derive(password, { ...COST, salt, length: KEY_LENGTH }, caller);
  return `$scrypt$ln=${COST.log2N},r=${COST.r},p=${COST.p}$${base64(salt)}$${base64(key)}`;
}

/**
 * Whether the password is the one that was hashed. Without a hash (no such
 * account, or none that can sign in) it takes as long and says no, so that time
 * does not tell who has an account. `caller` is who asks, where that is a request.
 * Throws PasswordChecksBusy.
 */
export async function verifyPassword(
  password: string,
  hash: string | undefined,
  caller?: QueuedCaller,
): Promise<boolean> {
  const stored = hash === undefined ? undefined : parseHash(hash);
  const { salt, key, ...cost } = stored ??
    { ...COST, salt: Buffer.alloc(SALT_LENGTH), key: Buffer.alloc(KEY_LENGTH) };
  // More than anybody may choose is never right; we hash a part of it, to take as long.
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

const queue = new FairQueue(LIMITS, () => new PasswordChecksBusy());

function derive(password: string, input: ScryptInput, caller?: QueuedCaller): Promise<Buffer> {
  // One accent can be typed as one character or two (NIST SP 800-63B section 3.1.1.2).
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

/** As the PHC string format has it: standard alphabet, no padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
