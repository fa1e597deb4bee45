import { pbkdf2, scrypt, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Argon2Hash, BcryptHash, ParsedHash, Pbkdf2Hash, ScryptHash } from "./parsed_hash.ts";

/** Whether a password has this hash. Without normalization: other systems hash what is typed. */
export async function verifyImported(password: string, hash: ParsedHash): Promise<boolean> {
  switch (hash.kind) {
    case "bcrypt":
      return await verifyBcrypt(password, hash);
    case "argon2":
      return timingSafeEqual(await deriveArgon2(password, hash), hash.key);
    case "scrypt":
      return timingSafeEqual(await deriveScrypt(password, hash), hash.key);
    case "pbkdf2":
      return timingSafeEqual(await derivePbkdf2(password, hash), hash.key);
  }
}

/** The library is loaded when the first such user signs in. It yields every 100 ms. */
async function verifyBcrypt(password: string, { text }: BcryptHash): Promise<boolean> {
  const { default: bcrypt } = await import("bcryptjs");
  return await bcrypt.compare(password, text);
}

/** The library is loaded when the first such user signs in. It yields every 10 ms. */
async function deriveArgon2(password: string, hash: Argon2Hash): Promise<Uint8Array> {
  const { argon2idAsync, argon2iAsync } = await import("@noble/hashes/argon2.js");
  const derive = hash.type === "argon2id" ? argon2idAsync : argon2iAsync;
  return await derive(password, hash.salt, {
    m: hash.memory,
    t: hash.passes,
    p: hash.parallelism,
    version: hash.version,
    dkLen: hash.key.length,
  });
}

function deriveScrypt(password: string, hash: ScryptHash): Promise<Buffer> {
  const { log2N, r, p, salt, key } = hash;
  const cost = { N: 2 ** log2N, r, p, maxmem: 256 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, key.length, cost, (error, derived) => {
      if (error) reject(error);
      else resolve(derived);
    });
  });
}

function derivePbkdf2(password: string, hash: Pbkdf2Hash): Promise<Buffer> {
  const { iterations, salt, key, digest } = hash;
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, key.length, digest, (error, derived) => {
      if (error) reject(error);
      else resolve(derived);
    });
  });
}
