/** Signing keys whose private part is not in the database. */
import { verify as verifySignature } from "node:crypto";
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, sign as signWithKey } from "node:crypto";
import type { JWK } from "jose";
import type { SigningAlgorithm } from "../config/server_config.ts";
import type { OperatorKey } from "./import_key.ts";

/** A signature cannot be created now. Clients try again; the reason is for operators. */
export class SigningUnavailable extends Error {
  override readonly name = "SigningUnavailable";
}

export interface ExternalSigner {
  /** As the table signing_keys has it. */
  source: "file" | "command";
  kid: string;
  algorithm: SigningAlgorithm;
  publicJwk: JWK;
  /** The signature as JWS has it (RFC 7518 section 3). Throws SigningUnavailable. */
  sign(input: Uint8Array): Promise<Uint8Array>;
  /** Throws SigningUnavailable if nothing can be signed now. */
  ready(): Promise<void>;
  /** Called with the reason of each failure. */
  onFailure?: (reason: string) => void;
}

/** Signs with a key that was read from a file. */
export function fileSigner(
  { kid, algorithm, publicJwk }: OperatorKey,
  key: KeyObject,
): ExternalSigner {
  return {
    ...{ source: "file" as const, kid, algorithm, publicJwk },
    sign: (input) =>
      Promise.resolve(
        signWithKey(hashOf(algorithm), input, { key, dsaEncoding: "ieee-p1363" } as never),
      ),
    ready: () => Promise.resolve(),
  };
}

/** EdDSA includes its hash (RFC 8032). */
export function hashOf(algorithm: SigningAlgorithm): "sha256" | null {
  return algorithm === "ES256" || algorithm === "RS256" ? "sha256" : null;
}

const P256_BYTES = 32;

/**
 * A signature in the form that JWS has, from that form or, for ECDSA, DER (RFC 3279 section 2.2.3).
 * Undefined if the public key does not verify it: a token with it would be worthless.
 */
export function checkSignature(
  { algorithm, publicJwk }: Pick<ExternalSigner, "algorithm" | "publicJwk">,
  input: Uint8Array,
  signature: Uint8Array,
): Uint8Array | undefined {
  const isRaw = algorithm !== "ES256" || signature.length === 2 * P256_BYTES;
  const raw = isRaw ? signature : fromDer(signature);
  if (raw === undefined) return undefined;
  const key = createPublicKey({ key: publicJwk as never, format: "jwk" });
  const isValid = verifySignature(
    hashOf(algorithm),
    input,
    { key, dsaEncoding: "ieee-p1363" } as never,
    raw,
  );
  return isValid ? raw : undefined;
}

/** `SEQUENCE { INTEGER r, INTEGER s }`, with short lengths only: two numbers of 32 bytes. */
function fromDer(der: Uint8Array): Uint8Array | undefined {
  const raw = Buffer.alloc(2 * P256_BYTES);
  let at = 2;
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  for (const end of [P256_BYTES, 2 * P256_BYTES]) {
    if (der[at] !== 0x02) return undefined;
    let number = der.subarray(at + 2, at + 2 + der[at + 1]);
    at += 2 + der[at + 1];
    while (number.length > P256_BYTES && number[0] === 0) number = number.subarray(1);
    if (number.length === 0 || number.length > P256_BYTES) return undefined;
    raw.set(number, end - number.length);
  }
  return at === der.length ? raw : undefined;
}
