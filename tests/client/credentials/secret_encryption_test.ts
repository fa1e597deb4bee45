/** The key agreement and encryption of the Secret Service API, against those of node:crypto. */
import assert from "node:assert/strict";
import { createDecipheriv, createDiffieHellmanGroup, hkdfSync } from "node:crypto";
import {
  decryptSecret,
  encryptSecret,
  KeyAgreement,
} from "../../../client/credentials/keychain/linux/secret_encryption.ts";

const LENGTH = 128;
/** Of 256 shared secrets one starts with a zero byte, on average: none in so many is a fault. */
const MAX_ATTEMPTS = 10_000;

/** RFC 2409 section 6.2. */
const group = () => createDiffieHellmanGroup("modp2");
const NONE = new Uint8Array();

function derivedByNode(shared: Uint8Array): Uint8Array {
  const padded = new Uint8Array(LENGTH);
  padded.set(shared, LENGTH - shared.length);
  return new Uint8Array(hkdfSync("sha256", padded, NONE, NONE, 16));
}

async function bytesOf(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

Deno.test("derives the key of a shared secret, also of one with leading zeros", async () => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const agreement = new KeyAgreement();
    const peer = group();
    const theirs = new Uint8Array(peer.generateKeys());
    const shared = new Uint8Array(peer.computeSecret(agreement.publicKey));
    const derived = await bytesOf(await agreement.deriveKey(theirs));
    assert.deepEqual(derived, derivedByNode(shared));
    if (shared.length < LENGTH || shared[0] === 0) return;
  }
  assert.fail("no shared secret had a leading zero");
});

Deno.test("derives the same key of a public key without its leading zeros", async () => {
  const agreement = new KeyAgreement();
  // 4 as a public key: the private key is 2.
  const short = await agreement.deriveKey(new Uint8Array([4]));
  const padded = new Uint8Array(LENGTH);
  padded[LENGTH - 1] = 4;
  assert.deepEqual(await bytesOf(short), await bytesOf(await agreement.deriveKey(padded)));
});

Deno.test("encrypts what node:crypto decrypts, of any length", async () => {
  const agreement = new KeyAgreement();
  const peer = group();
  const key = await agreement.deriveKey(new Uint8Array(peer.generateKeys()));
  for (const length of [0, 1, 15, 16, 17, 4000]) {
    const secret = crypto.getRandomValues(new Uint8Array(length));
    const encrypted = await encryptSecret(secret, key);
    const decipher = createDecipheriv("aes-128-cbc", await bytesOf(key), encrypted.parameters);
    const read = [...decipher.update(encrypted.value), ...decipher.final()];
    assert.deepEqual(new Uint8Array(read), secret);
    assert.deepEqual(await decryptSecret(encrypted, key), secret);
  }
});
