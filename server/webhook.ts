import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../shared/clock.ts";
import type { ServerConfig } from "./config.ts";
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
  #pending = new Set<Promise<void>>();
  #stop = new AbortController();

  constructor(
    private readonly target: ServerConfig["webhook"],
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  tell(event: WebhookEvent): void {
    if (this.target === undefined) return;
    const delivery = this.#deliver(this.target, event)
      .finally(() => this.#pending.delete(delivery));
    this.#pending.add(delivery);
  }

  /** Lets attempts under way finish; repeats none. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pending);
  }

  async #deliver(
    { url, secret }: NonNullable<ServerConfig["webhook"]>,
    event: WebhookEvent,
  ): Promise<void> {
    const id = `msg_${randomUUID()}`;
    const now = this.clock.now();
    const body = JSON.stringify({ ...event, timestamp: new Date(now).toISOString() });
    const timestamp = String(Math.floor(now / 1000));
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
    };
    if (secret !== undefined) {
      const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`)
        .digest("base64");
      headers["webhook-signature"] = `v1,${signature}`;
    }
    for (const pauseAfter of [...RETRY_AFTER, undefined]) {
      const reason = await this.#attempt(url, headers, body);
      if (reason === undefined) return;
      this.log("warn", "webhook_failed", { type: event.type, id, reason });
      if (pauseAfter === undefined || this.#stop.signal.aborted) return;
      await abortablePause(pauseAfter, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
    }
  }

  /** What went wrong, if anything. */
  async #attempt(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<string | undefined> {
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
      return response.ok ? undefined : `it answered ${response.status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

function abortablePause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
