import { randomUUID } from "node:crypto";
import { DatabaseUnreachable } from "./postgres_dial.ts";
import type { Sql } from "./connect.ts";

/**
 * Whether a connection receives what is notified on a channel. A pooler or proxy may lose
 * notifications without an error, though it passes on the process of PostgreSQL as its own: then a
 * revocation would never reach the cache.
 */
export class NotificationProbe {
  readonly #subject = `probe:${randomUUID()}`;
  #received = false;

  /** Whether a notification is that of the probe. */
  take(subject: string): boolean {
    const isOwn = subject === this.#subject;
    this.#received ||= isOwn;
    return isOwn;
  }

  /** Notifies a connection that listens. Throws DatabaseUnreachable if it receives nothing. */
  async run(sql: Sql, channel: string): Promise<void> {
    await sql`select pg_notify(${channel}, ${this.#subject})`;
    // PostgreSQL sends a notification before it responds to the next statement.
    await sql`select 1`;
    if (this.#received) return;
    throw new DatabaseUnreachable(
      "notifications do not arrive over this connection: set database_listen_url to PostgreSQL " +
        "itself, without a pooler or proxy",
      false,
    );
  }
}
