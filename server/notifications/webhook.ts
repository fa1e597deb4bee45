import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import type { Log } from "../log.ts";
import type { OutboundHttp } from "../outbound/outbound_http.ts";
import { type DeliveryFailure, DeliveryQueue, type QueueState } from "./delivery_queue.ts";
import { webhookHeaders } from "./webhook_signature.ts";

/** An event for the operator's systems. It never contains a secret. */
export interface WebhookEvent {
  /** Like `token.leaked`. */
  type: string;
  data: Record<string, unknown>;
}

const RETRY_AFTER_MS = [1000, 10_000];
const TIMEOUT_MS = 10_000;

/** Sends events to the operator's webhook in the background, signed per Standard Webhooks 1.0. */
export class Webhook {
  #queue = new DeliveryQueue(RETRY_AFTER_MS);

  constructor(
    private readonly target: ServerConfig["webhook"],
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly http: OutboundHttp,
    private readonly allowPrivate: boolean,
  ) {}

  get queueState(): QueueState {
    return this.#queue.state;
  }

  send(event: WebhookEvent): void {
    if (this.target === undefined) return;
    const { url, secret } = this.target;
    const id = `msg_${randomUUID()}`;
    const timestamp = new Date(this.clock.now()).toISOString();
    const body = JSON.stringify({ ...event, timestamp });
    this.#queue.add({
      attempt: () => this.#attempt(url, this.#headers(id, body, secret), body),
      onFailure: (reason) => this.log("warn", "webhook_failed", { type: event.type, id, reason }),
    });
  }

  /** Sends an event without meaning in one attempt. Returns why it failed. */
  async ping(): Promise<string | undefined> {
    if (this.target === undefined) return undefined;
    const { url, secret } = this.target;
    const timestamp = new Date(this.clock.now()).toISOString();
    const body = JSON.stringify({ type: "ping", data: {}, timestamp });
    const id = `msg_${randomUUID()}`;
    return (await this.#attempt(url, this.#headers(id, body, secret), body))?.reason;
  }

  #headers(id: string, body: string, secret?: string): Record<string, string> {
    return {
      "content-type": "application/json",
      ...webhookHeaders({ id, body, secret, now: this.clock.now() }),
    };
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #attempt(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<DeliveryFailure | undefined> {
    try {
      const { status } = await this.http.request(url, {
        method: "POST",
        accept: "*/*",
        headers,
        body,
        timeoutMs: TIMEOUT_MS,
        maxBytes: 0,
        // Operators may name this machine in the settings on purpose.
        allowPrivate: this.allowPrivate || isLoopbackHost(new URL(url).hostname),
      });
      return status >= 200 && status < 300
        ? undefined
        : { reason: `the webhook responded with ${status}` };
    } catch (error) {
      return { reason: `the webhook ${(error as Error).message}` };
    }
  }
}
