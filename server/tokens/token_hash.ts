import { hash } from "node:crypto";

/** SHA-256, for storing random secrets. Not for passwords, which can be guessed. */
export function tokenHash(token: string): Uint8Array {
  return hash("sha256", token, "buffer");
}

/** The same in hexadecimal, as a cache key. */
export function tokenHashHex(token: string): string {
  return hash("sha256", token, "hex");
}
