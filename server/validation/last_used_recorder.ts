import type { Log } from "../log.ts";
import type { Sql } from "../store/db/connect.ts";
import { recordTokenUses } from "../store/pats/last_used.ts";
import { userAgentClass } from "./user_agent_class.ts";

/** Uses are written down this often, in ms. */
const INTERVAL = 10_000;
/** Tokens in one statement. */
const BATCH = 5000;

interface Use {
  at: number;
  address?: string;
  userAgent?: string;
}

/** Gathers when tokens were used, and writes it down now and then: never a write per request. */
export class LastUsedRecorder {
  #uses = new Map<string, Use>();
  #timer: ReturnType<typeof setInterval>;
  #writing = Promise.resolve();

  constructor(private readonly sql: Sql, private readonly log: Log) {
    this.#timer = setInterval(() => this.flush(), INTERVAL);
  }

  /** `at` in ms since 1970. A use that does not say where it was leaves what is known of the last. */
  note(id: string, at: number, address?: string, userAgent?: string): void {
    const known = address === undefined ? this.#uses.get(id) : undefined;
    this.#uses.set(id, {
      at,
      address: address ?? known?.address,
      userAgent: userAgent ?? known?.userAgent,
    });
  }

  /** Writes down what was gathered. What cannot be written is kept for the next time. */
  flush(): Promise<void> {
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes down the rest and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    const gathered = [...this.#uses];
    this.#uses = new Map();
    for (let start = 0; start < gathered.length; start += BATCH) {
      const batch = gathered.slice(start, start + BATCH);
      try {
        await recordTokenUses(
          this.sql,
          batch.map(([id, { at, address, userAgent }]) => ({
            id,
            at: new Date(at),
            address,
            agent: userAgentClass(userAgent ?? "") || undefined,
          })),
        );
      } catch (error) {
        this.log("error", "token_uses_not_written", { reason: (error as Error).message });
        for (const [id, use] of gathered.slice(start)) {
          if (!this.#uses.has(id)) this.#uses.set(id, use);
        }
        return;
      }
    }
  }
}
