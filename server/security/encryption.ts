import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";

/** Encryption at rest with the operator's `secret_key`; without one, secrets are stored as they are. */
export interface Encryption {
  readonly isEnabled: boolean;
  encrypt(secret: Uint8Array): Uint8Array;
  /** Throws EncryptionKeyError if the key is missing or wrong. */
  decrypt(stored: Uint8Array): Uint8Array;
}

/** What is stored was encrypted with another key, or there is no key. */
export class EncryptionKeyError extends Error {
  override readonly name = "EncryptionKeyError";
}

/** The first byte is the format of the rest. */
const PLAIN = 0;
const AES_256_GCM = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** AES-256-GCM with a key that HKDF (RFC 5869) derives from `secretKey`. */
export function createEncryption(secretKey: string | undefined): Encryption {
  const key = secretKey === undefined
    ? undefined
    : Buffer.from(hkdfSync("sha256", secretKey, "", "at-rest encryption", 32));
  return {
    isEnabled: key !== undefined,
    encrypt(secret) {
      if (key === undefined) return Buffer.concat([Buffer.from([PLAIN]), secret]);
      const nonce = randomBytes(NONCE_LENGTH);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([Buffer.from([AES_256_GCM]), nonce, cipher.getAuthTag(), body]);
    },
    decrypt(stored) {
      if (stored[0] === PLAIN) return stored.subarray(1);
      if (stored[0] !== AES_256_GCM) {
        throw new EncryptionKeyError(
          "a stored secret has an unknown format; run the version that wrote it",
        );
      }
      if (key === undefined) {
        throw new EncryptionKeyError(
          "stored secrets are encrypted: set secret_key to the key they were encrypted with",
        );
      }
      const nonce = stored.subarray(1, 1 + NONCE_LENGTH);
      const tag = stored.subarray(1 + NONCE_LENGTH, 1 + NONCE_LENGTH + TAG_LENGTH);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
      decipher.setAuthTag(tag);
      try {
        const body = stored.subarray(1 + NONCE_LENGTH + TAG_LENGTH);
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        throw new EncryptionKeyError(
          "stored secrets were encrypted with another secret key: set secret_key to that one",
        );
      }
    },
  };
}

export function isEncrypted(stored: Uint8Array): boolean {
  return stored[0] === AES_256_GCM;
}
