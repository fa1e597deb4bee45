import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { KeyError, readPrivateKey, readPublicKey } from "../../../server/tokens/import_key.ts";

const pem = { type: "pkcs8", format: "pem" } as const;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

Deno.test("reads private keys in PEM and as a JWK, and derives the same id from both", async () => {
  const keys = [
    [ec.privateKey, "ES256"],
    [ed.privateKey, "EdDSA"],
    [rsa.privateKey, "RS256"],
  ] as const;
  for (const [key, algorithm] of keys) {
    const fromPem = await readPrivateKey(key.export(pem).toString());
    const fromJwk = await readPrivateKey(JSON.stringify(key.export({ format: "jwk" })));
    assert.equal(fromPem.algorithm, algorithm);
    assert.match(fromPem.kid, /^[\w-]{16}$/);
    assert.deepEqual(fromJwk, fromPem);
    assert.equal(fromPem.publicJwk.d, undefined);
    assert.ok(fromPem.privateJwk.d);
  }
  const ed25519 = await readPrivateKey(ed.privateKey.export(pem).toString(), "Ed25519");
  assert.equal(ed25519.publicJwk.alg, "Ed25519");
});

Deno.test("keeps the id of a JWK, so that tokens of another system stay valid", async () => {
  const jwk = { ...ec.privateKey.export({ format: "jwk" }), kid: "2024-key_1", alg: "ES256" };
  const { kid, publicJwk } = await readPrivateKey(JSON.stringify(jwk));
  assert.deepEqual([kid, publicJwk.kid], ["2024-key_1", "2024-key_1"]);
});

Deno.test("rejects what cannot sign, or should not", async () => {
  const jwk = ec.privateKey.export({ format: "jwk" });
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const exponent = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const rejected: Record<string, string> = {
    empty: "",
    text: "not a key",
    "public PEM": ec.publicKey.export({ type: "spki", format: "pem" }).toString(),
    "public JWK": JSON.stringify(ec.publicKey.export({ format: "jwk" })),
    "cut PEM": ec.privateKey.export(pem).toString().slice(0, 60),
    encrypted: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    symmetric: JSON.stringify({ kty: "oct", k: "c2VjcmV0" }),
    "key set": JSON.stringify({ keys: [jwk] }),
    "half a JWK": JSON.stringify({ ...jwk, x: "AA" }),
    "public part of another key": JSON.stringify({
      ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
      d: jwk.d,
    }),
    "not JSON": "{",
    "other algorithm": JSON.stringify({ ...jwk, alg: "RS256" }),
    "for encryption": JSON.stringify({ ...jwk, use: "enc" }),
    "id with a space": JSON.stringify({ ...jwk, kid: "a b" }),
    "weak RSA": weak.privateKey.export(pem).toString(),
    "RSA with exponent 3": exponent.privateKey.export(pem).toString(),
    "P-384": p384.privateKey.export(pem).toString(),
  };
  for (const [name, text] of Object.entries(rejected)) {
    await assert.rejects(readPrivateKey(text), KeyError, name);
  }
  const ecPem = ec.privateKey.export(pem).toString();
  await assert.rejects(readPrivateKey(ecPem, "RS256"), KeyError);
});

Deno.test("reads public keys, with the id of the private ones", async () => {
  const { kid, publicJwk } = await readPrivateKey(ec.privateKey.export(pem).toString());
  const spki = ec.publicKey.export({ type: "spki", format: "pem" }).toString();
  for (const text of [spki, JSON.stringify(ec.publicKey.export({ format: "jwk" }))]) {
    assert.deepEqual(await readPublicKey(text), { kid, algorithm: "ES256", publicJwk });
  }
  await assert.rejects(readPublicKey("not a key"), KeyError);
});
