import { DatabaseUnreachable } from "./postgres_dial.ts";

/** Time between two looks at the connections. */
const TICK_MS = 200;
/** Looks without a byte of the database, while statements wait, after which it is probed: a second. */
const SILENT_TICKS = 5;
/** Looks during which a probe may take: two seconds. */
const PROBE_TICKS = 10;
/** Between the two attempts after which an outage begins. */
const RETRY_PAUSE_MS = 100;

const SILENT = new DatabaseUnreachable("the database does not respond", true);

/** The connections whose database is watched. */
export interface WatchedConnections {
  /** Whether a statement or a new connection waits for the database. */
  isWaiting(): boolean;
  /** How often something was received. */
  received(): number;
  /** Closes all connections; statements on them fail with `error`. */
  abandon(error: Error): void;
}

export interface OutageListener {
  onOutage?(reason: string): void;
  onRecovery?(outageMs: number): void;
}

/**
 * Knows whether the database can be used, so that requests fail at once during an outage instead of
 * each waiting for a connection. It suspects an outage when a connection fails, or when statements
 * wait for a second and nothing at all is received, as from a host that is gone without a word. Then
 * it tries a connection of its own, and after a failure repeats that until it succeeds.
 */
export class OutageDetector {
  #outage?: { error: DatabaseUnreachable; since: number };
  #silentTicks = 0;
  #lastReceived = 0;
  /** Of the probe that runs; a look that finds it too old gives it up. */
  #probe?: { ticks: number; giveUp(): void };
  #trying = false;
  #closed = false;
  #timer: ReturnType<typeof setInterval>;
  #listeners = new Set<OutageListener>();
  #signs = 0;

  /** `connect` opens a connection and executes a statement. */
  constructor(
    private readonly connections: WatchedConnections,
    private readonly connect: () => Promise<void>,
  ) {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** Why the database cannot be used; undefined if it can. */
  get outage(): DatabaseUnreachable | undefined {
    return this.#outage?.error;
  }

  listen(listener: OutageListener): void {
    this.#listeners.add(listener);
  }

  /** A sign of life on another connection to the same server. */
  isAlive(): void {
    this.#signs++;
  }

  /** Reports that a connection failed. */
  suspect(error: unknown): void {
    if (isOutage(error)) void this.#tryDatabase();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#probe?.giveUp();
    this.#listeners.clear();
  }

  #signsOfLife(): number {
    return this.connections.received() + this.#signs;
  }

  /**
   * Counts looks instead of time: a process that was stopped, or is busy, has not listened either.
   */
  #tick(): void {
    if (this.#probe !== undefined && ++this.#probe.ticks >= PROBE_TICKS) this.#probe.giveUp();
    if (this.#trying) return;
    if (this.#outage !== undefined) return void this.#tryDatabase();
    const received = this.#signsOfLife();
    const isSilent = this.connections.isWaiting() && received === this.#lastReceived;
    this.#silentTicks = isSilent ? this.#silentTicks + 1 : 0;
    this.#lastReceived = received;
    if (this.#silentTicks >= SILENT_TICKS) void this.#tryDatabase();
  }

  /** Until it is certain whether there is an outage, or, during one, once. */
  async #tryDatabase(): Promise<void> {
    if (this.#trying) return;
    this.#trying = true;
    for (let failures = 0; !this.#closed;) {
      const before = this.#signsOfLife();
      const failure = await this.#attempt();
      if (failure === undefined) this.#recover();
      if (failure === undefined || this.#outage !== undefined) break;
      // Connections that still work, or are cut while others are opened, are not an outage yet.
      failures = this.#signsOfLife() === before ? failures + 1 : 0;
      if (failures >= (failure === SILENT ? 1 : 2)) {
        this.#begin(failure);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
    this.#silentTicks = 0;
    this.#trying = false;
  }

  /** Why no connection can be opened. An error of the database itself is a response as well. */
  async #attempt(): Promise<DatabaseUnreachable | undefined> {
    const gaveUp = Promise.withResolvers<never>();
    this.#probe = { ticks: 0, giveUp: () => gaveUp.reject(SILENT) };
    try {
      await Promise.race([this.connect(), gaveUp.promise]);
    } catch (error) {
      if (isOutage(error)) return error;
    } finally {
      this.#probe = undefined;
    }
  }

  #begin(error: DatabaseUnreachable): void {
    this.#outage = { error, since: performance.now() };
    this.connections.abandon(error);
    for (const { onOutage } of this.#listeners) onOutage?.(error.message);
  }

  #recover(): void {
    if (this.#outage === undefined) return;
    const outageMs = performance.now() - this.#outage.since;
    this.#outage = undefined;
    for (const { onRecovery } of this.#listeners) onRecovery?.(outageMs);
  }
}

/** Whether the same attempt may succeed later, and nothing else of the database can be used now. */
function isOutage(error: unknown): error is DatabaseUnreachable {
  return error instanceof DatabaseUnreachable && error.temporary;
}
