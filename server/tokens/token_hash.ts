import { createHash } from "node:crypto";

/** SHA-256, for storing random secrets. Not for passwords, which can be guessed. */
export function tokenHash(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

/** The same in hexadecimal, as a cache key. */
export function tokenHashHex(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
