/** Encryption at rest. AES-GCM is broken once a nonce is used twice (NIST SP 800-38D section 8). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  createEncryption,
  EncryptionKeyError,
  keyOf,
} from "../../../server/security/encryption.ts";
import { deriveSecretKey } from "../../../server/security/secret_key.ts";
import type { SealedPlace } from "../../../server/security/sealed_columns.ts";

const KEY = "k".repeat(32);
const OTHER_KEY = "x".repeat(32);
const secret = new TextEncoder().encode("a secret that is stored many times");
const place: SealedPlace = { column: "server_secrets.value", row: "form_key" };
/** What a program before values were bound to their row writes. */
const unbound = (secretKey = KEY) => createEncryption({ secretKey }, { bindsValues: false });

Deno.test("encrypts the same secret to other bytes each time, with a new nonce", () => {
  for (
    const { encryption, header } of [
      { encryption: createEncryption({ secretKey: KEY }), header: 7 },
      { encryption: unbound(), header: 1 },
    ]
  ) {
    const stored = Array.from(
      { length: 1000 },
      () => Buffer.from(encryption.encrypt(secret, place)),
    );
    const distinct = (from: number, to?: number) =>
      new Set(stored.map((bytes) => bytes.toString("hex", header + from, to && header + to))).size;
    assert.equal(distinct(0, 12), 1000, "nonces");
    assert.equal(distinct(12, 28), 1000, "authentication tags");
    assert.equal(distinct(28), 1000, "ciphertexts");
    for (const bytes of stored) {
      assert.ok(keyOf(bytes) !== undefined);
      assert.deepEqual(Buffer.from(encryption.decrypt(bytes, place)), Buffer.from(secret));
    }
  }
});

Deno.test("rejects a ciphertext that was changed anywhere or cut off", () => {
  for (const encryption of [createEncryption({ secretKey: KEY }), unbound()]) {
    const stored = encryption.encrypt(secret, place);
    for (let index = 0; index < stored.length; index++) {
      const changed = Uint8Array.from(stored);
      changed[index] ^= 4;
      const decrypt = (bytes: Uint8Array) => () => encryption.decrypt(bytes, place);
      assert.throws(decrypt(changed), EncryptionKeyError, `byte ${index}`);
      assert.throws(decrypt(stored.subarray(0, index)), EncryptionKeyError, `${index} bytes`);
    }
  }
});

Deno.test("rejects a ciphertext without a key and with another one, and reads what is plain", () => {
  for (
    const stored of [
      createEncryption({ secretKey: KEY }).encrypt(secret, place),
      unbound().encrypt(secret, place),
    ]
  ) {
    for (const secretKey of [undefined, OTHER_KEY]) {
      const encryption = createEncryption({ secretKey });
      assert.throws(() => encryption.decrypt(stored, place), EncryptionKeyError, secretKey);
    }
  }
  const plain = createEncryption({}).encrypt(secret, place);
  const encryption = createEncryption({ secretKey: KEY });
  assert.deepEqual(Buffer.from(encryption.decrypt(plain, place)), Buffer.from(secret));
});

Deno.test("rejects a ciphertext of another row or column", () => {
  const encryption = createEncryption({ secretKey: KEY });
  const stored = encryption.encrypt(secret, place);
  const others: SealedPlace[] = [
    { ...place, row: "refresh_token_key" },
    { ...place, column: "token_formats.hash_key" },
  ];
  for (const other of others) {
    assert.throws(() => encryption.decrypt(stored, other), EncryptionKeyError);
  }
});

Deno.test("decrypts with previous keys, and encrypts with the current one", () => {
  const encryption = createEncryption({ secretKey: KEY, previousSecretKeys: [OTHER_KEY] });
  const ids = [KEY, OTHER_KEY].map((key) => deriveSecretKey(key).id);
  assert.deepEqual(encryption.acceptedKeyIds, ids);
  assert.equal(keyOf(encryption.encrypt(secret, place)), ids[0]);
  for (
    const stored of [
      createEncryption({ secretKey: OTHER_KEY }).encrypt(secret, place),
      unbound(OTHER_KEY).encrypt(secret, place),
    ]
  ) {
    assert.deepEqual(Buffer.from(encryption.decrypt(stored, place)), Buffer.from(secret));
    // Another replica may not accept the current key yet.
    assert.equal(encryption.improve(stored, place), undefined);
  }
});

Deno.test("improves what is plain or not bound to its row, as soon as the format may be used", () => {
  const plain = createEncryption({}).encrypt(secret, place);
  const old = unbound().encrypt(secret, place);
  assert.equal(createEncryption({}).improve(plain, place), undefined);
  assert.equal(keyOf(unbound().improve(plain, place)!), "unnamed");
  assert.equal(unbound().improve(old, place), undefined);
  const encryption = createEncryption({ secretKey: KEY });
  for (const stored of [plain, old]) {
    const improved = encryption.improve(stored, place)!;
    assert.equal(keyOf(improved), encryption.keyId);
    assert.deepEqual(Buffer.from(encryption.decrypt(improved, place)), Buffer.from(secret));
    assert.equal(encryption.improve(improved, place), undefined);
  }
});

Deno.test("names the key that a value needs, and those that there are", () => {
  const stored = createEncryption({ secretKey: KEY }).encrypt(secret, place);
  const [needed, present] = [KEY, OTHER_KEY].map((key) => deriveSecretKey(key).id);
  assert.throws(
    () => createEncryption({ secretKey: OTHER_KEY }).decrypt(stored, place),
    (error: Error) => error.message.includes(needed) && error.message.includes(present),
  );
});
