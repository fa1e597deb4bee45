import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { Deliveries, type Failure } from "./delivery_queue.ts";
import type { Log } from "../log.ts";
import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import { webhookKey } from "../config/webhook_key.ts";

/** Something an operator's system may pass on to people. It never holds a secret. */
export interface WebhookEvent {
  /** What happened, like `token.leaked`. */
  type: string;
  data: Record<string, unknown>;
}

/** Pauses before the second and third attempt, in ms. */
const RETRY_AFTER = [1000, 10_000];
/** Longest wait for an answer, in ms. */
const TIMEOUT = 10_000;

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
    private readonly http: OutboundHttp,
    private readonly allowPrivate: boolean,
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
    // Settings were checked: an undefined key cannot get here, and must not sign as an empty one.
    const signature = createHmac("sha256", webhookKey(secret)!).update(`${id}.${timestamp}.${body}`)
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
      const { status } = await this.http.request(url, {
        method: "POST",
        accept: "*/*",
        headers,
        body,
        timeout: TIMEOUT,
        maxBytes: 0,
        // An operator who names this machine in the settings means it.
        allowPrivate: this.allowPrivate || isLoopbackHost(new URL(url).hostname),
      });
      return status >= 200 && status < 300 ? undefined : { reason: `it answered ${status}` };
    } catch (error) {
      return { reason: `it ${(error as Error).message}` };
    }
  }
}
