import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import type { ServerConfig } from "./config.ts";
import { Deliveries, type Failure } from "./deliveries.ts";
import type { Log } from "./log.ts";

/** Something an operator's system may pass on to people. It never holds a secret. */
export interface WebhookEvent {
  /** What happened, like `token.leaked`. */
  type: string;
  data: Record<string, unknown>;
}

/** Pauses before the second and third attempt, in ms. */
const RETRY_AFTER = [1000, 10_000];
/** Longest wait for an answer, in ms. */
const PATIENCE = 10_000;

/**
 * Tells the operator's webhook, signed as Standard Webhooks 1.0 has it. Nobody
 * waits for it: what happened is in the audit log in any case.
 */
export class Webhook {
  #deliveries = new Deliveries(RETRY_AFTER);

  constructor(
    private readonly target: ServerConfig["webhook"],
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  tell(event: WebhookEvent): void {
    if (this.target === undefined) return;
    const { url, secret } = this.target;
    const id = `msg_${randomUUID()}`;
    const happened = new Date(this.clock.now()).toISOString();
    const body = JSON.stringify({ ...event, timestamp: happened });
    this.#deliveries.add({
      attempt: () => this.#attempt(url, this.#headers(id, body, secret), body),
      failed: (reason) => this.log("warn", "webhook_failed", { type: event.type, id, reason }),
    });
  }

  /** Of one attempt: receivers take a signature for some minutes alone. */
  #headers(id: string, body: string, secret?: string): Record<string, string> {
    const timestamp = String(Math.floor(this.clock.now() / 1000));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
    };
    if (secret === undefined) return headers;
    const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`)
      .digest("base64");
    return { ...headers, "webhook-signature": `v1,${signature}` };
  }

  close(): Promise<void> {
    return this.#deliveries.close();
  }

  async #attempt(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<Failure | undefined> {
    try {
      const { fetch } = this;
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
      });
      await response.body?.cancel();
      return response.ok ? undefined : { reason: `it answered ${response.status}` };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
}
