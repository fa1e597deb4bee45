import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";

/** Encrypts what lies at rest, with the operator's secret key, or leaves it plain without one. */
export interface Sealing {
  readonly encrypts: boolean;
  seal(plain: Uint8Array): Uint8Array;
  /** Throws SealingError when the key is missing or wrong. */
  open(sealed: Uint8Array): Uint8Array;
}

/** The secret key does not fit what is stored; `message` says what to do. */
export class SealingError extends Error {
  override readonly name = "SealingError";
}

// The first byte tells how the rest is kept.
const PLAIN = 0;
const AES_256_GCM = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** AES-256-GCM under a key drawn by HKDF (RFC 5869) from `secretKey`. */
export function sealing(secretKey: string | undefined): Sealing {
  const key = secretKey === undefined
    ? undefined
    : Buffer.from(hkdfSync("sha256", secretKey, "", "at-rest encryption", 32));
  return {
    encrypts: key !== undefined,
    seal(plain) {
      if (key === undefined) return Buffer.concat([Buffer.from([PLAIN]), plain]);
      const nonce = randomBytes(NONCE_LENGTH);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.from([AES_256_GCM]), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      if (sealed[0] === PLAIN) return sealed.subarray(1);
      if (sealed[0] !== AES_256_GCM) throw new SealingError("a stored secret has an unknown form");
      if (key === undefined) {
        throw new SealingError(
          "stored secrets are encrypted: give the secret key they were encrypted with (secret_key)",
        );
      }
      const nonce = sealed.subarray(1, 1 + NONCE_LENGTH);
      const tag = sealed.subarray(1 + NONCE_LENGTH, 1 + NONCE_LENGTH + TAG_LENGTH);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
      decipher.setAuthTag(tag);
      try {
        const body = sealed.subarray(1 + NONCE_LENGTH + TAG_LENGTH);
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        throw new SealingError(
          "stored secrets were encrypted with another secret key: give that one (secret_key)",
        );
      }
    },
  };
}

/** Whether a stored value is encrypted already. */
export function isSealed(stored: Uint8Array): boolean {
  return stored[0] === AES_256_GCM;
}
