import { randomBytes, scrypt } from "node:crypto";
import { Buffer } from "node:buffer";
import { DomainError } from "../domain_error.ts";
import { FairQueue, type FairQueueLimits, type QueuedCaller } from "./fair_queue.ts";
import { costProblem } from "./imported_hash/cost_limits.ts";
import { formatHash } from "./imported_hash/format_hash.ts";
import { parseHash } from "./imported_hash/parse_hash.ts";
import type { ParsedHash } from "./imported_hash/parsed_hash.ts";
import { verifyImported } from "./imported_hash/verify_imported.ts";

/** Parameters of scrypt (RFC 7914). */
export interface PasswordCost {
  log2N: number;
  r: number;
  p: number;
}

/**
 * 32 MiB and three passes, one of the configurations that OWASP's Password Storage Cheat Sheet
 * recommends: about 0.3 s on one core. A change also replaces the index users_other_password_hash.
 */
export const PASSWORD_COST: PasswordCost = { log2N: 15, r: 8, p: 3 };
const KEY_LENGTH = 32;
const SALT_LENGTH = 16;

/** A flood of sign-ins costs bounded CPU time, and does not lock out other networks. */
const LIMITS: FairQueueLimits = {
  running: 4,
  runningPerNetwork: 2,
  waiting: 100,
  waitingPerNetwork: 25,
};

const queue = new FairQueue(
  LIMITS,
  () =>
    new DomainError(
      "unavailable",
      "Too many passwords are being checked. Try again in a few seconds.",
      { retryAfterSeconds: 5 },
    ),
);

/** Of this process, for metrics. */
export function passwordQueueState(): FairQueue["state"] {
  return queue.state;
}

/**
 * The hash to store, as a PHC string (`$scrypt$ln=15,r=8,p=3$salt$key`). It contains its cost, so
 * that the cost can be raised later. `caller` is set for requests. Throws DomainError
 * (`unavailable`) as verifyPassword does.
 */
export async function hashPassword(password: string, caller?: QueuedCaller): Promise<string> {
  return await queue.run(caller, () => hash(password, PASSWORD_COST));
}

/**
 * Whether the password is the one that was hashed, here or by another system. `caller` is set for
 * requests. Throws DomainError (`unavailable`) if too many passwords are being checked. It is thrown
 * because a returned one is truthy: a caller that forgot it would accept any password.
 */
export async function verifyPassword(
  password: string,
  storedHash: string | undefined,
  caller?: QueuedCaller,
): Promise<boolean> {
  const stored = storedHash === undefined ? undefined : usableHash(storedHash);
  return await queue.run(caller, async () => {
    const correct = await verify(limitLength(password), stored ?? unmatchable(PASSWORD_COST));
    return correct && stored !== undefined && !isTooLong(password);
  });
}

/** `rehashed` replaces the hash of a correct password that has another kind or cost than new ones. */
export interface PasswordCheck {
  correct: boolean;
  rehashed?: string;
}

/**
 * Checks the password of a sign-in, as verifyPassword does. Without a hash (an unknown account, or
 * one that cannot sign in) it takes as long and returns false, so that timing does not disclose
 * which accounts exist. While some accounts have other hashes than new ones, each check computes two:
 * one such, the account's or `decoy`, and one with the cost of new ones.
 */
export async function checkPassword(
  password: string,
  storedHash: string | undefined,
  { caller, decoy, cost = PASSWORD_COST }: {
    caller?: QueuedCaller;
    /** The hash of some account that has another kind or cost than new ones, if there is one. */
    decoy?: string;
    cost?: PasswordCost;
  },
): Promise<PasswordCheck> {
  const isCurrent = storedHash?.startsWith(prefixOf(cost)) ?? false;
  const stored = storedHash === undefined ? undefined : usableHash(storedHash);
  const own = isCurrent ? stored : undefined;
  const other = isCurrent ? undefined : stored;
  const otherOrDecoy = other ?? (decoy === undefined ? undefined : usableHash(decoy));
  const text = limitLength(password);
  return await queue.run(caller, async () => {
    const matchesOther = otherOrDecoy !== undefined && await verify(text, otherOrDecoy) &&
      other !== undefined && !isTooLong(password);
    if (matchesOther) return { correct: true, rehashed: await hash(password, cost) };
    const matchesOwn = await verify(text, own ?? unmatchable(cost));
    return { correct: matchesOwn && own !== undefined && !isTooLong(password) };
  });
}

/** In UTF-16 units: more than any password may have. A longer one is wrong, and takes as long. */
const MAX_CHECKED_LENGTH = 512;

function limitLength(password: string): string {
  return password.slice(0, MAX_CHECKED_LENGTH);
}

function isTooLong(password: string): boolean {
  return password.length > MAX_CHECKED_LENGTH;
}

function prefixOf({ log2N, r, p }: PasswordCost): string {
  return `$scrypt$ln=${log2N},r=${r},p=${p}$`;
}

/** Undefined if the hash is malformed or too expensive to check: no password matches it. */
function usableHash(text: string): ParsedHash | undefined {
  const parsed = parseHash(text);
  return parsed === undefined || costProblem(parsed) !== undefined ? undefined : parsed;
}

/** In place of a hash that does not exist. */
function unmatchable(cost: PasswordCost): ParsedHash {
  const [salt, key] = [Buffer.alloc(SALT_LENGTH), Buffer.alloc(KEY_LENGTH)];
  return { kind: "scrypt", ...cost, salt, key };
}

/** Our own hashes are of the normalized text; scrypt of other systems may be too, or not. */
async function verify(password: string, parsed: ParsedHash): Promise<boolean> {
  const text = normalize(password);
  if (parsed.kind !== "scrypt") return await verifyImported(password, parsed);
  return await verifyImported(text, parsed) ||
    (text !== password && await verifyImported(password, parsed));
}

/** An accented letter can be one character or two (NIST SP 800-63B section 3.1.1.2). */
function normalize(password: string): string {
  return password.normalize("NFKC");
}

async function hash(password: string, { log2N, r, p }: PasswordCost): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const key = await derive(normalize(password), salt, { N: 2 ** log2N, r, p });
  return formatHash({ kind: "scrypt", log2N, r, p, salt, key });
}

function derive(
  text: string,
  salt: Uint8Array,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 256 * 1024 * 1024 };
    scrypt(text, salt, KEY_LENGTH, options, (error, key) => {
      if (error) reject(error);
      else resolve(key as Buffer);
    });
  });
}
