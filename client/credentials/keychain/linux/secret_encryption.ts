/**
 * Encryption of secrets on the session bus, where other programs may listen: algorithm
 * dh-ietf1024-sha256-aes128-cbc-pkcs7 of the Secret Service API ("Transfer of Secrets").
 */
import {
  createCipheriv,
  createDecipheriv,
  createDiffieHellmanGroup,
  hkdfSync,
  randomBytes,
} from "node:crypto";

export const ALGORITHM = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

const CIPHER = "aes-128-cbc";
const PRIME_LENGTH = 128;
const KEY_LENGTH = 16;
const IV_LENGTH = 16;

/** Our side of a key agreement (RFC 2409 section 6.2, Second Oakley Group). */
export class KeyAgreement {
  readonly #group = createDiffieHellmanGroup("modp2");
  readonly publicKey: Uint8Array = this.#group.generateKeys();

  /** The key that both sides derive. */
  deriveKey(theirPublicKey: Uint8Array): Uint8Array {
    const secret = new Uint8Array(PRIME_LENGTH);
    const shared = this.#group.computeSecret(theirPublicKey);
    // Leading zeros belong to the input of the derivation.
    secret.set(shared, PRIME_LENGTH - shared.length);
    const none = new Uint8Array();
    return new Uint8Array(hkdfSync("sha256", secret, none, none, KEY_LENGTH));
  }
}

/** A secret as it travels: the initialization vector and the ciphertext. */
export interface EncryptedSecret {
  parameters: Uint8Array;
  value: Uint8Array;
}

export function encryptSecret(secret: Uint8Array, key: Uint8Array): EncryptedSecret {
  const parameters = randomBytes(IV_LENGTH);
  const cipher = createCipheriv(CIPHER, key, parameters);
  const value = new Uint8Array([...cipher.update(secret), ...cipher.final()]);
  return { parameters, value };
}

export function decryptSecret({ parameters, value }: EncryptedSecret, key: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, parameters);
  return new Uint8Array([...decipher.update(value), ...decipher.final()]);
}
