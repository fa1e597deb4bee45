/** Encryption at rest. AES-GCM is broken once a nonce is used twice (NIST SP 800-38D section 8). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createEncryption,
  EncryptionKeyError,
  isEncrypted,
} from "../../../server/security/encryption.ts";

const KEY = "k".repeat(32);
const secret = new TextEncoder().encode("a secret that is stored many times");

Deno.test("encrypts the same secret to other bytes each time, with a new nonce", () => {
  const { encrypt, decrypt } = createEncryption(KEY);
  const stored = Array.from({ length: 1000 }, () => Buffer.from(encrypt(secret)));
  const distinct = (part: (bytes: Buffer) => Uint8Array) =>
    new Set(stored.map((bytes) => Buffer.from(part(bytes)).toString("hex"))).size;
  assert.equal(distinct((bytes) => bytes.subarray(1, 13)), 1000, "nonces");
  assert.equal(distinct((bytes) => bytes.subarray(13, 29)), 1000, "authentication tags");
  assert.equal(distinct((bytes) => bytes.subarray(29)), 1000, "ciphertexts");
  for (const bytes of stored) {
    assert.ok(isEncrypted(bytes));
    assert.deepEqual(Buffer.from(decrypt(bytes)), Buffer.from(secret));
  }
});

Deno.test("rejects a ciphertext that was changed anywhere", () => {
  const { encrypt, decrypt } = createEncryption(KEY);
  const stored = encrypt(secret);
  for (let index = 0; index < stored.length; index++) {
    const changed = Uint8Array.from(stored);
    changed[index] ^= 2;
    assert.throws(() => decrypt(changed), EncryptionKeyError, `byte ${index}`);
  }
});

Deno.test("rejects a ciphertext without a key and with another one, and reads what is plain", () => {
  const stored = createEncryption(KEY).encrypt(secret);
  for (const key of [undefined, "x".repeat(32)]) {
    assert.throws(() => createEncryption(key).decrypt(stored), EncryptionKeyError, key);
  }
  const plain = createEncryption(undefined).encrypt(secret);
  assert.deepEqual(Buffer.from(createEncryption(KEY).decrypt(plain)), Buffer.from(secret));
});
