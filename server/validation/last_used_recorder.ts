import type { Log } from "../log.ts";
import { logFailure } from "../request_log.ts";
import type { Sql } from "../store/db/connect.ts";
import { recordTokenUses } from "../store/pats/last_used.ts";
import { userAgentClass } from "./user_agent_class.ts";

const WRITE_INTERVAL_MS = 10_000;
/** Tokens in one statement. */
const BATCH = 5000;

interface Use {
  at: number;
  address?: string;
  userAgent?: string;
}

/** Records when tokens were last used, and writes it in batches instead of once per request. */
export class LastUsedRecorder {
  #uses = new Map<string, Use>();
  #timer: ReturnType<typeof setInterval>;
  #writing = Promise.resolve();

  constructor(private readonly sql: Sql, private readonly log: Log) {
    this.#timer = setInterval(() => this.flush(), WRITE_INTERVAL_MS);
  }

  /**
   * Records a use, with `at` in ms since 1970. One without an address keeps the address and user
   * agent of the use before it.
   */
  record(id: string, at: number, address?: string, userAgent?: string): void {
    const use = this.#uses.get(id);
    if (use === undefined) {
      this.#uses.set(id, { at, address, userAgent });
      return;
    }
    use.at = at;
    use.userAgent = address === undefined ? userAgent ?? use.userAgent : userAgent;
    use.address = address ?? use.address;
  }

  /** Writes what was recorded; what cannot be written is kept for the next attempt. */
  flush(): Promise<void> {
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes what is left and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    const uses = [...this.#uses];
    this.#uses = new Map();
    for (let start = 0; start < uses.length; start += BATCH) {
      const batch = uses.slice(start, start + BATCH);
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
        logFailure(this.log, "token_uses_not_written", error);
        for (const [id, use] of uses.slice(start)) {
          if (!this.#uses.has(id)) this.#uses.set(id, use);
        }
        return;
      }
    }
  }
}
