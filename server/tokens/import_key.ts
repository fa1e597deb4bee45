import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import type { JWK } from "jose";
import type { SigningAlgorithm } from "../config/server_config.ts";
import { keyId } from "./key_id.ts";

/** A key pair that the operator brings. */
export interface OperatorKey {
  kid: string;
  algorithm: SigningAlgorithm;
  publicJwk: JWK;
  privateJwk: JWK;
}

/** Why a text is not a key that can sign here. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

/** RFC 7518 section 3.3 asks for 2048 bits or more; above 4096 a signature takes too long. */
const RSA_BITS = { min: 2048, max: 4096 };
/** It goes into the header of each token, and into URLs and commands. */
const KID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Reads a private key from PEM (PKCS#8, RFC 5958) or a JWK (RFC 7517). A `kid` of the JWK is kept, so
 * that tokens that another system has signed with it stay valid; otherwise it is derived from the
 * key. `algorithm` decides where the key fits more than one. Throws KeyError.
 */
export async function readPrivateKey(
  text: string,
  algorithm?: SigningAlgorithm,
): Promise<OperatorKey> {
  const jwk = parseJwk(text);
  const key = jwk === undefined ? fromPem(text) : fromJwk(jwk);
  const publicKey = createPublicKey(key);
  const parameters = await describePublicKey(publicKey, { jwk, algorithm });
  // A JWK can have the public part of another key, with which nothing could be verified.
  const probe = Buffer.from("probe");
  const hash = parameters.publicJwk.kty === "OKP" ? null : "sha256";
  const isPair = verify(
    hash,
    probe,
    createPublicKey({ key: parameters.publicJwk as never, format: "jwk" }),
    sign(hash, probe, key),
  );
  if (!isPair) throw new KeyError("its public part belongs to another key");
  const privateJwk = key.export({ format: "jwk" }) as JWK;
  return { ...parameters, privateJwk };
}

/** Reads a public key from PEM (SPKI) or a JWK. Throws KeyError. */
export async function readPublicKey(
  text: string,
  algorithm?: SigningAlgorithm,
): Promise<Omit<OperatorKey, "privateJwk">> {
  const jwk = parseJwk(text);
  try {
    const key = jwk === undefined
      ? createPublicKey(text)
      : createPublicKey({ key: withoutPrivate(jwk) as never, format: "jwk" });
    return await describePublicKey(key, { jwk, algorithm });
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError("it is not a public key in PEM or a JWK");
  }
}

async function describePublicKey(
  key: KeyObject,
  { jwk, algorithm }: { jwk?: JWK; algorithm?: SigningAlgorithm },
): Promise<Omit<OperatorKey, "privateJwk">> {
  const exported = withoutPrivate(key.export({ format: "jwk" }) as JWK);
  const usable = usableAlgorithms(exported);
  const declared = jwk?.alg ?? algorithm;
  if (declared !== undefined && !usable.some((name) => name === declared)) {
    throw new KeyError(`it cannot sign with ${declared}, only with ${usable.join(" or ")}`);
  }
  if (jwk?.alg !== undefined && algorithm !== undefined && jwk.alg !== algorithm) {
    throw new KeyError(`its algorithm is ${jwk.alg}`);
  }
  if (jwk?.use !== undefined && jwk.use !== "sig") {
    throw new KeyError(`its "use" is ${jwk.use}, so it must not sign`);
  }
  if (jwk?.kid !== undefined && !KID.test(jwk.kid)) {
    throw new KeyError("its kid must have up to 64 letters, digits, - and _");
  }
  const alg = usable.find((name) => name === declared) ?? usable[0];
  const publicJwk: JWK = { ...exported, alg, use: "sig" };
  publicJwk.kid = jwk?.kid ?? await keyId(publicJwk);
  return { kid: publicJwk.kid, algorithm: alg, publicJwk };
}

/** The algorithms that a key can sign with, the usual one first. */
function usableAlgorithms({ kty, crv, n = "", e = "" }: JWK): SigningAlgorithm[] {
  if (kty === "EC" && crv === "P-256") return ["ES256"];
  if (kty === "OKP" && crv === "Ed25519") return ["EdDSA", "Ed25519"];
  if (kty === "RSA") {
    const modulus = Buffer.from(n, "base64url");
    const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
    if (bits < RSA_BITS.min || bits > RSA_BITS.max) {
      throw new KeyError(
        `it has ${bits} bits; an RSA key must have from ${RSA_BITS.min} to ${RSA_BITS.max}`,
      );
    }
    // Smaller exponents have had attacks, and other ones are signs of a home-grown generator.
    if (e !== "AQAB") throw new KeyError("its public exponent must be 65537");
    return ["RS256"];
  }
  throw new KeyError(
    `a key of this kind (${[kty, crv].filter(Boolean).join(" ")}) cannot sign here. Use P-256, ` +
      "Ed25519 or RSA",
  );
}

function parseJwk(text: string): JWK | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  let value: JWK & { keys?: unknown };
  try {
    value = JSON.parse(text);
  } catch {
    throw new KeyError("it is not valid JSON");
  }
  if (value.keys !== undefined) {
    throw new KeyError("it is a key set. Write the one key to a file");
  }
  return value;
}

function fromJwk(jwk: JWK): KeyObject {
  if (jwk.kty === "oct") {
    throw new KeyError("it is a symmetric key, which verifiers would need too");
  }
  if (jwk.d === undefined) throw new KeyError("it is a public key. The private one is needed");
  try {
    return createPrivateKey({ key: jwk as never, format: "jwk" });
  } catch {
    throw new KeyError("it is not a valid JWK");
  }
}

function fromPem(text: string): KeyObject {
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
  if (label === undefined) throw new KeyError("it is neither PEM nor a JWK");
  if (label.includes("ENCRYPTED") || text.includes("Proc-Type: 4,ENCRYPTED")) {
    throw new KeyError(
      "it is encrypted. Pass it decrypted on standard input: openssl pkey -in FILE | … import -",
    );
  }
  if (label === "PUBLIC KEY" || label === "CERTIFICATE" || label === "RSA PUBLIC KEY") {
    throw new KeyError("it is a public key. The private one is needed");
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new KeyError("it is not a valid private key. Use PKCS#8, as openssl genpkey writes it");
  }
}

function withoutPrivate({ kty, crv, x, y, n, e }: JWK): JWK {
  const members = Object.entries({ kty, crv, x, y, n, e });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as JWK;
}
