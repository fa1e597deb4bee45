import { hkdfSync } from "node:crypto";
import { Buffer } from "node:buffer";

/** Bytes of a key id: an operator has few keys. */
export const KEY_ID_LENGTH = 6;

/** A `secret_key`, as the encryption uses it. */
export interface SecretKey {
  /** In hex. Derived from the key, which it does not reveal; safe to show and to store. */
  id: string;
  /** Of AES-256-GCM. */
  key: Uint8Array;
}

/** Derives (HKDF, RFC 5869) what is needed from the text of the setting. */
export function deriveSecretKey(secretKey: string): SecretKey {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync("sha256", secretKey, "", purpose, length));
  return {
    id: derive("at-rest key id", KEY_ID_LENGTH).toString("hex"),
    key: derive("at-rest encryption", 32),
  };
}
