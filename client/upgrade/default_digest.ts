/** A difference between `node:crypto` of Deno and of Node that a library relies on. */
import crypto from "node:crypto";

/**
 * Runs `work`, during which `verify` without an algorithm uses SHA-256, as Node's does by OpenSSL's
 * default for ECDSA and RSA. Deno's throws "no default digest", and @sigstore/core takes that for a
 * wrong signature. Ed25519 has no digest to choose. `work` must be synchronous, so that no other
 * code runs meanwhile.
 */
export function withDefaultDigest<T>(work: () => T): T {
  const { verify } = crypto;
  const verifyWithDefault = (
    algorithm: string | null | undefined,
    data: Uint8Array,
    key: crypto.KeyObject,
    signature: Uint8Array,
  ) => {
    const isEdDsa = key.asymmetricKeyType === "ed25519";
    return verify(algorithm ?? (isEdDsa ? algorithm : "sha256"), data, key, signature);
  };
  Object.assign(crypto, { verify: verifyWithDefault });
  try {
    return work();
  } finally {
    Object.assign(crypto, { verify });
  }
}
