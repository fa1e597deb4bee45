import type { Encryption } from "../security/encryption.ts";

/** Encrypts a text that the server has to read again. */
export function seal({ encryption }: { encryption: Encryption }, text: string): Uint8Array {
  return encryption.encrypt(new TextEncoder().encode(text));
}

/** Throws EncryptionKeyError. */
export function unseal({ encryption }: { encryption: Encryption }, sealed: Uint8Array): string {
  return new TextDecoder().decode(encryption.decrypt(sealed));
}
