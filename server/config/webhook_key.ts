import { Buffer } from "node:buffer";

/** Marks a secret whose rest is base64 (Standard Webhooks 1.0, "Signature scheme"). */
const ENCODED = "whsec_";
/** Lengths of a key that the specification allows, in bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * The key that a webhook's secret stands for: after `whsec_` it is base64, as the
 * libraries of Standard Webhooks have it; other secrets are the key as they are.
 * Undefined if what follows `whsec_` is not base64 of 24 to 64 bytes.
 */
export function webhookKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(ENCODED)) return Buffer.from(secret);
  const encoded = secret.slice(ENCODED.length);
  const key = Buffer.from(encoded, "base64");
  // What is not base64 would be skipped silently, and receivers would compute another key.
  const isBase64 = key.toString("base64") === encoded;
  return isBase64 && key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : undefined;
}
