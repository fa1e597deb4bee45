import { createHash } from "node:crypto";

/** SHA-256 of a secret: all we keep of it. Fit for random secrets, not for passwords. */
export function tokenHash(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
