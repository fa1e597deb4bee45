import { Buffer } from "node:buffer";

/** Prefix of a secret in base64 (Standard Webhooks 1.0, "Signature scheme"). */
const ENCODED = "whsec_";
/** Lengths of a key that the specification allows, in bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * The key of a webhook secret: base64 after `whsec_`, as in the libraries of Standard Webhooks;
 * any other secret is the key itself. Undefined if the part after `whsec_` is not base64 of 24 to
 * 64 bytes.
 */
export function webhookKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(ENCODED)) return Buffer.from(secret);
  const encoded = secret.slice(ENCODED.length);
  const key = Buffer.from(encoded, "base64");
  // Buffer skips invalid characters silently, and receivers would compute another key.
  const isBase64 = key.toString("base64") === encoded;
  return isBase64 && key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : undefined;
}
