import { createHash } from "node:crypto";

/** SHA-256 of a secret: all we keep of it. Fit for random secrets, not for passwords. */
export function tokenHash(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}

/** The same in hexadecimal: a key for what is remembered of the secret. */
export function tokenHashHex(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
