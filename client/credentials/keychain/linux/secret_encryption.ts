/**
 * Encryption of secrets on the session bus, where other programs may listen: algorithm
 * dh-ietf1024-sha256-aes128-cbc-pkcs7 of the Secret Service API ("Transfer of Secrets").
 * Not by `node:crypto`, which takes 15 ms to load.
 */
export const ALGORITHM = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

/** The Second Oakley Group (RFC 2409 section 6.2). */
const PRIME = BigInt(
  "0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff",
);
const GENERATOR = 2n;
const PRIME_LENGTH = 128;
/** Twice the strength of the group, in bytes; more would only be slower. */
const PRIVATE_KEY_LENGTH = 32;
const KEY_BITS = 128;
const CIPHER = "AES-CBC";
const IV_LENGTH = 16;

/** Our side of a key agreement. Its keys are used for one connection. */
export class KeyAgreement {
  readonly #privateKey = toNumber(crypto.getRandomValues(new Uint8Array(PRIVATE_KEY_LENGTH)));
  readonly publicKey = toBytes(power(GENERATOR, this.#privateKey));

  /** The key that both sides derive. */
  async deriveKey(theirPublicKey: Uint8Array): Promise<CryptoKey> {
    // Leading zeros belong to the input of the derivation.
    const shared = toBytes(power(toNumber(theirPublicKey), this.#privateKey));
    const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const none = new Uint8Array();
    return await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: none, info: none },
      secret,
      { name: CIPHER, length: KEY_BITS },
      true,
      ["encrypt", "decrypt"],
    );
  }
}

/** A secret as it travels: the initialization vector and the ciphertext. */
export interface EncryptedSecret {
  parameters: Uint8Array;
  value: Uint8Array;
}

export async function encryptSecret(secret: Uint8Array, key: CryptoKey): Promise<EncryptedSecret> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_LENGTH));
  const value = await crypto.subtle.encrypt({ name: CIPHER, iv }, key, new Uint8Array(secret));
  return { parameters: iv, value: new Uint8Array(value) };
}

export async function decryptSecret(
  { parameters, value }: EncryptedSecret,
  key: CryptoKey,
): Promise<Uint8Array> {
  const iv = new Uint8Array(parameters);
  return new Uint8Array(
    await crypto.subtle.decrypt({ name: CIPHER, iv }, key, new Uint8Array(value)),
  );
}

/** Not in constant time: a program that could measure it here could read the keychain as well. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let rest = exponent, square = base % PRIME; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = result * square % PRIME;
    square = square * square % PRIME;
  }
  return result;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex() || "0"}`);
}

function toBytes(value: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(value.toString(16).padStart(PRIME_LENGTH * 2, "0"));
}
