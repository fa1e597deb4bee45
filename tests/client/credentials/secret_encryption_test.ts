/** The key agreement of the Secret Service API, against arithmetic that is written out. */
import assert from "node:assert/strict";
import { createDiffieHellmanGroup, hkdfSync } from "node:crypto";
import { KeyAgreement } from "../../../client/credentials/keychain/linux/secret_encryption.ts";

/** RFC 2409 section 6.2. */
const PRIME = BigInt(`0x${createDiffieHellmanGroup("modp2").getPrime("hex")}`);
const LENGTH = 128;
/** Of 256 shared secrets one starts with a zero byte, on average: none in so many is a fault. */
const MAX_ATTEMPTS = 10_000;

/** The base raised to the exponent, modulo PRIME. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let rest = exponent, square = base; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = result * square % PRIME;
    square = square * square % PRIME;
  }
  return result;
}

const toNumber = (bytes: Uint8Array) => BigInt(`0x${bytes.toHex()}`);
const toBytes = (value: bigint, length: number) =>
  Uint8Array.fromHex(value.toString(16).padStart(length * 2, "0"));

Deno.test("derives the key of a shared secret, also of one with leading zeros", () => {
  const agreement = new KeyAgreement();
  const ours = toNumber(agreement.publicKey);
  const check = (exponent: bigint, shared: bigint) => {
    const secret = toBytes(shared, LENGTH);
    const expected = hkdfSync("sha256", secret, new Uint8Array(), new Uint8Array(), 16);
    const theirPublicKey = toBytes(power(2n, exponent), LENGTH);
    assert.deepEqual(agreement.deriveKey(theirPublicKey), new Uint8Array(expected));
  };
  // The peer's private key counts up, so that the next shared secret is one multiplication away.
  let exponent = 1n << 1000n;
  let shared = power(ours, exponent);
  check(exponent, shared);
  for (let attempt = 0; shared >> BigInt(8 * (LENGTH - 1)) !== 0n; attempt++) {
    assert.ok(attempt < MAX_ATTEMPTS, "no shared secret has a leading zero");
    exponent++;
    shared = shared * ours % PRIME;
  }
  check(exponent, shared);
});
