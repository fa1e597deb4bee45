import type { ParsedHash } from "./parsed_hash.ts";

/**
 * What checking one password may cost: up to about two seconds on one core, and 128 MiB. A hash
 * above that would let a single sign-in slow down the server.
 */
const MAX_BCRYPT_COST = 14;
const MAX_MEMORY_KIB = 128 * 1024;
const MAX_ARGON2_KIB_PASSES = 400_000;
const MAX_ARGON2_PARALLELISM = 16;
const MAX_SCRYPT_BLOCKS = 2 ** 22;
const MAX_PBKDF2_ITERATIONS = 2_000_000;

/** In bytes. A shorter key could be met by chance. */
const MIN_KEY_LENGTH = 16;
const MAX_KEY_LENGTH = 128;
const MAX_SALT_LENGTH = 128;
/** RFC 9106 section 3.1 recommends 16; libraries take no fewer than this. */
const MIN_ARGON2_SALT_LENGTH = 8;

/** Why a hash cannot be checked within the limits, as the end of a sentence; undefined: it can. */
export function costProblem(hash: ParsedHash): string | undefined {
  if (hash.kind === "bcrypt") {
    return hash.cost >= 4 && hash.cost <= MAX_BCRYPT_COST
      ? undefined
      : `its cost is ${hash.cost}, and must be from 4 to ${MAX_BCRYPT_COST}`;
  }
  if (hash.key.length < MIN_KEY_LENGTH || hash.key.length > MAX_KEY_LENGTH) {
    return `it has ${hash.key.length} bytes, and must have from ${MIN_KEY_LENGTH} to ` +
      `${MAX_KEY_LENGTH}`;
  }
  const minSaltLength = hash.kind === "argon2" ? MIN_ARGON2_SALT_LENGTH : 1;
  if (hash.salt.length < minSaltLength || hash.salt.length > MAX_SALT_LENGTH) {
    return `its salt has ${hash.salt.length} bytes, and must have from ${minSaltLength} to ` +
      `${MAX_SALT_LENGTH}`;
  }
  switch (hash.kind) {
    case "argon2": {
      const { memory, passes, parallelism } = hash;
      if (passes < 1 || parallelism < 1 || parallelism > MAX_ARGON2_PARALLELISM) {
        return `t must be at least 1, and p from 1 to ${MAX_ARGON2_PARALLELISM}`;
      }
      // RFC 9106 section 3.1.
      if (memory < 8 * parallelism) return "m must be at least 8 times p";
      return memory <= MAX_MEMORY_KIB && memory * passes <= MAX_ARGON2_KIB_PASSES
        ? undefined
        : `its cost is too high: m can be at most ${MAX_MEMORY_KIB}, and m times t at most ` +
          MAX_ARGON2_KIB_PASSES;
    }
    case "scrypt": {
      const { log2N, r, p } = hash;
      if (log2N < 1 || r < 1 || p < 1) return "ln, r and p must be at least 1";
      const blocks = 2 ** log2N * r;
      return blocks * 128 <= MAX_MEMORY_KIB * 1024 && blocks * p <= MAX_SCRYPT_BLOCKS
        ? undefined
        : "its cost is too high: it can use at most 128 MiB, such as ln=17,r=8,p=4";
    }
    case "pbkdf2":
      return hash.iterations >= 1 && hash.iterations <= MAX_PBKDF2_ITERATIONS
        ? undefined
        : `it has ${hash.iterations} iterations, and can have at most ${MAX_PBKDF2_ITERATIONS}`;
  }
}
