import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { pause } from "../../shared/deadline.ts";
import type { Log } from "../log.ts";
import type { Replica } from "../replicas/replica.ts";
import { logFailure } from "../request_log.ts";
import { recordedEvents } from "../store/audit_events.ts";
import { weekOf } from "../store/audit_log/partitions.ts";
import {
  insertChain,
  listChainsOfReplica,
  lockChain,
  lockChainsOfWeek,
  lockLastChain,
  lockUnsealedEvents,
  type StoredChain,
  type StoredSeal,
  storeSeals,
  type UnsealedEvent,
  updateChain,
} from "../store/audit_log/seals.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { genesisOf, headMac, isEqual, sealEvent } from "./seal.ts";

export interface SealDeps {
  sql: Sql;
  clock: Clock;
  secrets: Pick<ServerSecrets, "auditKey">;
  replica: Replica;
}

/** Events that one transaction seals. */
const BATCH_SIZE = 500;
/** A process that has not sealed its events after this time is gone, in ms. */
export const ORPHANED_AFTER_MS = 5 * 60_000;
/** Events are as old as the hour whose repetitions they count, or as another clock. */
const RECENT_MS = 8 * 86_400_000;

/** Thrown if the last seal of a chain was changed: what follows would prove nothing. */
class BrokenChain extends Error {
  override readonly name = "BrokenChain";
}

/** The last seal of a chain: what one process knows of it, or what the database has. */
type Head = Pick<StoredChain, "number" | "position" | "link">;

/**
 * Seals committed events of this process, or those that other processes have left: at most `limit`.
 * Returns how many, and calls `onHead` with each week whose chain goes on, what the database had of
 * it, and what it has now.
 */
export async function sealEvents(
  { sql, clock, secrets, replica }: SealDeps,
  which: "own" | "orphaned",
  limit: number,
  onHead: (week: string, before: Head, after: Head) => void = () => {},
): Promise<number> {
  const now = new Date(clock.now());
  const { count, heads } = await sql.begin(async (tx) => {
    const events = await lockUnsealedEvents(tx, {
      replica: replica.id,
      ...which === "own"
        ? { since: new Date(now.getTime() - RECENT_MS) }
        : { orphanedBefore: new Date(now.getTime() - ORPHANED_AFTER_MS) },
      limit,
    });
    const weeks = Map.groupBy(events, ({ occurredAt }) => dateOf(weekOf(occurredAt)));
    const heads = new Map<string, [Head, Head]>();
    for (const [week, ofWeek] of weeks) {
      const chain = { replica: replica.id, week, now };
      heads.set(week, await sealWeek(tx, secrets.auditKey, chain, ofWeek));
    }
    return { count: events.length, heads };
  });
  for (const [week, [before, after]] of heads) onHead(week, before, after);
  return count;
}

function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

async function sealWeek(
  tx: Transaction,
  key: Uint8Array,
  { replica, week, now }: { replica: string; week: string; now: Date },
  events: readonly UnsealedEvent[],
): Promise<[Head, Head]> {
  const chain = await lockChain(tx, { replica, week }) ??
    await startChain(tx, key, { replica, week, now });
  if (!isEqual(headMac(key, chain), chain.mac)) {
    throw new BrokenChain(`chain ${chain.number} of the audit log was changed`);
  }
  let { link } = chain;
  let position = BigInt(chain.position);
  const seals: StoredSeal[] = [];
  for (const event of events) {
    position++;
    const seal = sealEvent(key, event, { position, previous: link });
    link = seal.link;
    seals.push({ ...seal, position, id: event.id, key: event.key });
  }
  await storeSeals(tx, chain.id, seals);
  const next = { ...chain, position: String(position), link, sealedAt: now };
  await saveChain(tx, key, next);
  return [chain, next];
}

async function startChain(
  tx: Transaction,
  key: Uint8Array,
  { replica, week, now }: { replica: string; week: string; now: Date },
): Promise<StoredChain> {
  const last = await lockLastChain(tx);
  const number = String(BigInt(last?.number ?? 0) + 1n);
  const id = randomUUID();
  const genesis = genesisOf(
    key,
    { id, number, replica, week },
    last?.genesis ?? new Uint8Array(),
  );
  const head = { id, number, replica, week, genesis, position: "0", link: genesis };
  const chain = { ...head, startedAt: now, sealedAt: now, droppedAt: null };
  const stored = { ...chain, mac: headMac(key, chain) };
  await insertChain(tx, stored);
  return stored;
}

async function saveChain(
  tx: Transaction,
  key: Uint8Array,
  chain: Omit<StoredChain, "mac">,
): Promise<void> {
  await updateChain(tx, { ...chain, mac: headMac(key, chain) });
}

/** Records that retention removes the events of a week, in the transaction that removes them. */
export async function markDropped(
  tx: Transaction,
  key: Uint8Array,
  week: Date,
  now: Date,
): Promise<void> {
  for (const chain of await lockChainsOfWeek(tx, dateOf(week))) {
    // A chain that was changed stays as it is, so that it is reported.
    if (!isEqual(headMac(key, chain), chain.mac)) continue;
    await saveChain(tx, key, { ...chain, droppedAt: now });
  }
}

const TICK_MS = 1000;
/** After an event was recorded, its transaction may take this long. */
const PATIENCE_MS = 90_000;
const LOG_EVERY_MS = 3_600_000;

/** Seals the events of this process until it is stopped, and logs the last seals. */
export class AuditSealer {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #sealed = 0;
  #failed = false;
  /** The last seals of this process, by week. */
  readonly #heads = new Map<string, Head>();

  constructor(private readonly deps: SealDeps & { log: Log }) {}

  /** How many events it has sealed. */
  get sealed(): number {
    return this.#sealed;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Seals what is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#seal();
    await this.#logHeads();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let seen = -1;
    let [changedAt, loggedAt] = [performance.now(), performance.now()];
    while (!signal.aborted) {
      const recorded = recordedEvents();
      if (recorded !== seen) changedAt = performance.now();
      seen = recorded;
      if (performance.now() - changedAt < PATIENCE_MS) await this.#seal(signal);
      if (performance.now() - loggedAt >= LOG_EVERY_MS) {
        loggedAt = performance.now();
        await this.#logHeads();
      }
      await pause(TICK_MS, signal);
    }
  }

  async #seal(signal?: AbortSignal): Promise<void> {
    try {
      for (let count = BATCH_SIZE; count === BATCH_SIZE && !signal?.aborted;) {
        count = await sealEvents(
          this.deps,
          "own",
          BATCH_SIZE,
          (week, before, after) => this.#follow(week, before, after),
        );
        this.#sealed += count;
      }
      this.#failed = false;
    } catch (error) {
      // Once, instead of every second.
      if (!this.#failed) logFailure(this.deps.log, "audit_seal_failed", error);
      this.#failed = true;
    }
  }

  /** Only this process knows that the database went back to an older state, which has valid seals. */
  #follow(week: string, before: Head, after: Head): void {
    const known = this.#heads.get(week);
    this.#heads.set(week, after);
    if (known === undefined) return;
    const [sealed, position] = [BigInt(known.position), BigInt(before.position)];
    const isSame = position > sealed || position === sealed && isEqual(known.link, before.link);
    if (isSame) return;
    this.deps.log("error", "audit_seals_lost", {
      chain: known.number,
      sealed: known.position,
      position: before.position,
      link: hex(known.link),
      reason: "the database has an older state of the audit log than this process has sealed: it " +
        "was restored or changed, or a failover lost its last transactions",
    });
  }

  /** Where the database cannot change them. */
  async #logHeads(): Promise<void> {
    const { sql, log, replica } = this.deps;
    try {
      for (const chain of await listChainsOfReplica(sql, { replica: replica.id, limit: 2 })) {
        const { number, position, link } = chain;
        log("info", "audit_sealed", { chain: number, position, link: hex(link) });
      }
    } catch (error) {
      logFailure(log, "audit_seal_failed", error);
    }
  }
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
