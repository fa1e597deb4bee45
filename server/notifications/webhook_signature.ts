import { createHmac } from "node:crypto";
import { webhookKey } from "../config/webhook_key.ts";

/**
 * Headers of one attempt (Standard Webhooks 1.0): receivers accept a signature for a few minutes
 * only. Unsigned without a secret.
 */
export function webhookHeaders(
  { id, body, secret, now }: { id: string; body: string; secret?: string; now: number },
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return headers;
  // The key is never undefined, since settings are validated; it must not become an empty one.
  const signature = createHmac("sha256", webhookKey(secret)!).update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}
