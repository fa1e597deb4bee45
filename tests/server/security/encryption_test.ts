/** Encryption at rest: AES-GCM is broken as soon as one nonce seals two texts (NIST SP 800-38D section 8). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { isSealed, sealing, SealingError } from "../../../server/security/encryption.ts";

const KEY = "k".repeat(32);
const plain = new TextEncoder().encode("a secret that is stored many times");

Deno.test("no nonce is used twice, and the same text is never sealed to the same bytes", () => {
  const { seal, open } = sealing(KEY);
  const sealed = Array.from({ length: 1000 }, () => Buffer.from(seal(plain)));
  const distinct = (part: (bytes: Buffer) => Uint8Array) =>
    new Set(sealed.map((bytes) => Buffer.from(part(bytes)).toString("hex"))).size;
  assert.equal(distinct((bytes) => bytes.subarray(1, 13)), 1000, "nonces");
  assert.equal(distinct((bytes) => bytes.subarray(13, 29)), 1000, "authentication tags");
  assert.equal(distinct((bytes) => bytes.subarray(29)), 1000, "texts");
  for (const bytes of sealed) {
    assert.ok(isSealed(bytes));
    assert.deepEqual(Buffer.from(open(bytes)), Buffer.from(plain));
  }
});

Deno.test("a sealed text that was changed anywhere is not opened", () => {
  const { seal, open } = sealing(KEY);
  const sealed = seal(plain);
  for (let index = 0; index < sealed.length; index++) {
    const changed = Uint8Array.from(sealed);
    changed[index] ^= 2;
    assert.throws(() => open(changed), SealingError, `byte ${index}`);
  }
});

Deno.test("a sealed text is not opened without its key, or with another", () => {
  const sealed = sealing(KEY).seal(plain);
  for (const other of [undefined, "x".repeat(32)]) {
    assert.throws(() => sealing(other).open(sealed), SealingError, other);
  }
  // What was stored before there was a key is read with one.
  assert.deepEqual(
    Buffer.from(sealing(KEY).open(sealing(undefined).seal(plain))),
    Buffer.from(plain),
  );
});
