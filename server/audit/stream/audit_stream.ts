import type { Clock } from "../../../shared/clock.ts";
import { pause, withTimeout } from "../../../shared/deadline.ts";
import type { Log } from "../../log.ts";
import type { Replica } from "../../replicas/replica.ts";
import { logFailure } from "../../request_log.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import {
  addStream,
  advanceStream,
  hasStream,
  leaseStream,
  recordStreamFailure,
  releaseStream,
  type StreamPosition,
  takeMissedEvents,
} from "../../store/audit_log/streams.ts";
import { readTail, startTail } from "../../store/audit_log/tail.ts";
import type { Sql } from "../../store/db/connect.ts";
import { toListedEvents } from "../listed_event.ts";
import { type SignedLine, signLines } from "./signed_lines.ts";
import { DeliveryError, type StreamTarget } from "./target.ts";

export interface AuditStreamDeps {
  sql: Sql;
  clock: Clock;
  log: Log;
  replica: Replica;
}

export interface AuditStreamOptions {
  /** Identifies the target in the database, the log and metrics. */
  name: string;
  key: Uint8Array;
  target: StreamTarget;
  /** Tests shorten the times, in ms. */
  times?: Partial<typeof TIMES>;
}

/** In ms. */
const TIMES = {
  /** After this time without a renewal, another replica delivers. Longer than an attempt takes. */
  lease: 30_000,
  /** Between two reads, when there was no event. */
  poll: 1000,
  /** Between two looks at the lease of another replica. */
  standby: 5000,
  firstRetry: 1000,
  longestRetry: 60_000,
  logEvery: 60_000,
  /** For what is in progress when the server stops. */
  stop: 3000,
};

const BATCH_EVENTS = 500;
const BATCH_BYTES = 512 * 1024;
const MAX_ERROR_LENGTH = 500;

/** Lines that are being delivered, and where the stream is once they all are. */
interface Batch {
  lines: SignedLine[];
  sent: number;
  next: StreamPosition;
  isLast: boolean;
}

/**
 * Delivers the audit log to one target: each event at least once, in order. It waits for a target
 * that does not accept events, for any time. One replica at a time delivers; the position is stored
 * after the target has accepted.
 */
export class AuditStream {
  readonly #stopping = new AbortController();
  readonly #times: typeof TIMES;
  #running: Promise<void> = Promise.resolve();
  /** While this process has the lease. */
  #position?: StreamPosition;
  #leasedAt = -Infinity;
  #batch?: Batch;
  #maxBytes = BATCH_BYTES;
  #failures = 0;
  #loggedAt = -Infinity;
  #isReported = false;

  constructor(
    private readonly deps: AuditStreamDeps,
    private readonly options: AuditStreamOptions,
  ) {
    this.#times = { ...TIMES, ...options.times };
  }

  /** A new target receives what happens from now on. */
  async start(): Promise<void> {
    await this.#prepare().catch((error) => this.#fail(error));
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Delivers what is left, unless the target has a problem, and lets another replica go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const finish = async () => {
      await this.#running;
      if (this.#failures === 0) { while (await this.#deliver() === "more"); }
    };
    await withTimeout(finish(), this.#times.stop).catch(() => {});
    this.options.target.close();
    await releaseStream(this.deps.sql, this.#lease).catch(() => {});
  }

  get #lease() {
    const { name: target } = this.options;
    return { target, holder: this.deps.replica.id, leaseMs: this.#times.lease };
  }

  async #prepare(): Promise<void> {
    const { sql, clock } = this.deps;
    const { name } = this.options;
    if (await hasStream(sql, name)) return;
    await addStream(sql, name, await startTail(sql, new Date(clock.now())));
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs: number;
      try {
        const outcome = await this.#deliver();
        waitMs = outcome === "more" ? 0 : this.#times[outcome];
      } catch (error) {
        await this.#fail(error);
        const { firstRetry, longestRetry } = this.#times;
        waitMs = Math.min(firstRetry * 2 ** Math.min(this.#failures - 1, 20), longestRetry);
      }
      if (waitMs > 0) await pause(waitMs, signal);
    }
  }

  /** Delivers at most one batch. */
  async #deliver(): Promise<"more" | "poll" | "standby"> {
    if (!await this.#hold()) return "standby";
    const batch = this.#batch ??= await this.#read();
    if (batch === undefined) {
      this.#succeed();
      return "poll";
    }
    while (batch.sent < batch.lines.length) {
      if (!await this.#hold()) return "standby";
      await this.#send(batch);
    }
    this.#batch = undefined;
    const { signature } = this.#position!;
    if (!await advanceStream(this.deps.sql, this.#lease, signature, batch.next)) {
      this.#position = undefined;
      return "standby";
    }
    this.#leasedAt = performance.now();
    this.#position = batch.next;
    this.#succeed();
    return batch.isLast ? "poll" : "more";
  }

  /** Takes or keeps the lease. */
  async #hold(): Promise<boolean> {
    const age = performance.now() - this.#leasedAt;
    if (this.#position !== undefined && age < this.#times.lease / 3) return true;
    const leasedAt = performance.now();
    let leased = await leaseStream(this.deps.sql, this.#lease);
    // Its row is missing if the database could not be reached at the start.
    if (leased === undefined && !await hasStream(this.deps.sql, this.options.name)) {
      await this.#prepare();
      leased = await leaseStream(this.deps.sql, this.#lease);
    }
    if (leased === undefined) {
      this.#position = undefined;
      this.#batch = undefined;
      this.options.target.close();
      return false;
    }
    // After the lease expired, another replica may have delivered. A failover or a restore may have
    // brought back an older position, and numbers that are used for other events now.
    const isKnown = this.#position?.signature === leased.signature;
    if (!isKnown || age >= this.#times.lease) {
      this.#position = { cursor: leased.cursor, signature: leased.signature };
      this.#batch = undefined;
    }
    this.#leasedAt = leasedAt;
    if (leased.missed) await this.#reportMissed();
    return true;
  }

  /** In the log and in the stream itself. */
  async #reportMissed(): Promise<void> {
    const { sql, clock, log } = this.deps;
    const { name: target } = this.options;
    const count = await sql.begin(async (tx) => {
      const missed = await takeMissedEvents(tx, this.#lease);
      if (missed > 0) {
        await recordAuditEvent(tx, clock, {
          event: "audit_stream.missed",
          actor: "server",
          subject: target,
          result: "failed",
          details: { count: missed },
        });
      }
      return missed;
    }) as number;
    if (count > 0) log("error", "audit_stream_missed", { target, count });
  }

  async #read(): Promise<Batch | undefined> {
    const { sql, clock } = this.deps;
    const { cursor, signature } = this.#position!;
    const now = new Date(clock.now());
    const page = await readTail(sql, { cursor, limit: BATCH_EVENTS, now });
    if (page.events.length === 0) {
      this.#position = { cursor: page.cursor, signature };
      return undefined;
    }
    const events = await toListedEvents(sql, page.events);
    const lines = signLines(events, this.options.key, signature);
    const next = { cursor: page.cursor, signature: lines.at(-1)!.signature };
    return { lines, sent: 0, next, isLast: page.isDone };
  }

  /** Sends the next lines, as many as one request may have. */
  async #send(batch: Batch): Promise<void> {
    const lines: SignedLine[] = [];
    let bytes = 0;
    for (const line of batch.lines.slice(batch.sent)) {
      const size = new TextEncoder().encode(line.text).length + 1;
      if (lines.length > 0 && bytes + size > this.#maxBytes) break;
      lines.push(line);
      bytes += size;
    }
    try {
      await this.options.target.send(lines);
    } catch (error) {
      if (error instanceof DeliveryError && error.isTooLarge && lines.length > 1) {
        this.#maxBytes = bytes / 2;
        return;
      }
      // Read again for the next attempt, without what has been erased meanwhile.
      if (batch.sent === 0) this.#batch = undefined;
      throw error;
    }
    batch.sent += lines.length;
  }

  #succeed(): void {
    const { name: target } = this.options;
    if (this.#isReported) {
      this.deps.log("info", "audit_stream_back", { target, failures: this.#failures });
    }
    this.#failures = 0;
    this.#isReported = false;
  }

  async #fail(error: unknown): Promise<void> {
    const { sql, log } = this.deps;
    const { name: target } = this.options;
    this.#failures++;
    if (performance.now() - this.#loggedAt < this.#times.logEvery) return;
    this.#loggedAt = performance.now();
    this.#isReported = true;
    const failures = this.#failures;
    if (!(error instanceof DeliveryError)) {
      return logFailure(log, "audit_stream_failed", error, { target, failures });
    }
    const reason = error.message;
    log("warn", "audit_stream_failed", { target, reason, failures });
    await recordStreamFailure(sql, this.#lease, reason.slice(0, MAX_ERROR_LENGTH)).catch(() => {});
  }
}
