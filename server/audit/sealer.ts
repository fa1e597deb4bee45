import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { pause } from "../../shared/deadline.ts";
import type { Log } from "../log.ts";
import type { Replica } from "../replicas/replica.ts";
import { logFailure } from "../request_log.ts";
import { recordAuditEvent, recordedEvents } from "../store/audit_events.ts";
import { CHAIN_CHANGED } from "../store/audit_log/chain_changes.ts";
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
  log: Log;
}

/** Events that one transaction seals. */
const BATCH_SIZE = 500;
/** A process that has not sealed its events after this time is gone, in ms. */
export const ORPHANED_AFTER_MS = 5 * 60_000;
/** Events are as old as the hour whose repetitions they count, or as another clock. */
const RECENT_MS = 8 * 86_400_000;

/** The last seal of a chain: what one process knows of it, or what the database has. */
type Head = Pick<StoredChain, "number" | "position" | "link">;

/** What became of the chain of a week. */
interface SealedWeek {
  /** What the database had of it. */
  before: Head;
  after: Head;
  /** A chain that was changed, in whose place this one was started now. */
  changed?: StoredChain;
}

/**
 * Seals committed events of this process, or those that other processes have left: at most `limit`.
 * Returns how many, and calls `onSealed` with each week whose chain goes on.
 */
export async function sealEvents(
  { sql, clock, secrets, replica, log }: SealDeps,
  which: "own" | "orphaned",
  limit: number,
  onSealed: (week: string, sealed: SealedWeek) => void = () => {},
): Promise<number> {
  const now = new Date(clock.now());
  const { count, sealed } = await sql.begin(async (tx) => {
    const events = await lockUnsealedEvents(tx, {
      replica: replica.id,
      ...which === "own"
        ? { since: new Date(now.getTime() - RECENT_MS) }
        : { orphanedBefore: new Date(now.getTime() - ORPHANED_AFTER_MS) },
      limit,
    });
    const weeks = Map.groupBy(events, ({ occurredAt }) => dateOf(weekOf(occurredAt)));
    const sealed = new Map<string, SealedWeek>();
    for (const [week, ofWeek] of weeks) {
      const chain = { replica: replica.id, week, now };
      const result = await sealWeek(tx, secrets.auditKey, chain, ofWeek);
      sealed.set(week, result);
      if (result.changed !== undefined) await recordChange(tx, clock, result);
    }
    return { count: events.length, sealed };
  });
  for (const [week, result] of sealed) {
    if (result.changed !== undefined) logChange(log, result);
    onSealed(week, result);
  }
  return count;
}

/** In the log of events itself, where it stays if the row is repaired or removed. */
async function recordChange(
  tx: Transaction,
  clock: Clock,
  { changed, after }: SealedWeek,
): Promise<void> {
  await recordAuditEvent(tx, clock, {
    ...{ event: CHAIN_CHANGED, actor: "server", result: "failed" },
    details: { chain: changed!.number, week: changed!.week, successor: after.number },
  });
}

function logChange(log: Log, { changed, after }: SealedWeek): void {
  log("error", "audit_chain_changed", {
    chain: changed!.number,
    successor: after.number,
    reason:
      "someone has changed the end of a chain of the audit log in the database, so the next " +
      "events are sealed in another one: run the command admin audit verify",
  });
}

function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

async function sealWeek(
  tx: Transaction,
  key: Uint8Array,
  { replica, week, now }: { replica: string; week: string; now: Date },
  events: readonly UnsealedEvent[],
): Promise<SealedWeek> {
  const { chain, changed } = await lockOrStartChain(tx, key, { replica, week, now });
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
  return { before: chain, after: next, changed };
}

/**
 * The chain of a process and a week. What follows the end of a chain that was changed would prove
 * nothing, so that chain stays as it is, to be reported, and another one is started in its place: it
 * has the changed one as its `replica`. `changed` is set if that happens now.
 */
async function lockOrStartChain(
  tx: Transaction,
  key: Uint8Array,
  { replica, week, now }: { replica: string; week: string; now: Date },
): Promise<Pick<SealedWeek, "changed"> & { chain: StoredChain }> {
  const changed = new Map<string, StoredChain>();
  for (let owner = replica;;) {
    const chain = await lockChain(tx, { replica: owner, week });
    if (chain === undefined) {
      const instead = changed.get(owner);
      const started = await startChain(tx, key, { replica: owner, week, now, instead });
      return { chain: started, changed: instead };
    }
    if (isEqual(headMac(key, chain), chain.mac)) return { chain };
    // Who can change rows can also make each the successor of the other.
    if (changed.has(chain.id)) throw new Error(`chain ${chain.number} of the audit log is a loop`);
    changed.set(chain.id, chain);
    owner = chain.id;
  }
}

async function startChain(
  tx: Transaction,
  key: Uint8Array,
  { replica, week, now, instead }: {
    replica: string;
    week: string;
    now: Date;
    /** The chain in whose place it is started. */
    instead?: StoredChain;
  },
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
  return { ...stored, continues: instead?.number ?? null };
}

async function saveChain(
  tx: Transaction,
  key: Uint8Array,
  chain: Omit<StoredChain, "mac" | "continues">,
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
/** Chains whose last seal is logged: those of this week and the one before, and their successors. */
const MAX_LOGGED = 4;

/** Seals the events of this process until it is stopped, and logs the last seals. */
export class AuditSealer {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #sealed = 0;
  #failed = false;
  /** The last seals of this process, by week. */
  readonly #heads = new Map<string, Head>();

  constructor(private readonly deps: SealDeps) {}

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
          (week, sealed) => this.#follow(week, sealed),
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
  #follow(week: string, { before, after, changed }: SealedWeek): void {
    const known = this.#heads.get(week);
    this.#heads.set(week, after);
    if (known === undefined || changed !== undefined) return;
    const [sealed, position] = [BigInt(known.position), BigInt(before.position)];
    const isSame = known.number === before.number &&
      (position > sealed || position === sealed && isEqual(known.link, before.link));
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
    const { sql, log, replica, secrets } = this.deps;
    try {
      const chains = await listChainsOfReplica(sql, { replica: replica.id, limit: MAX_LOGGED });
      for (const chain of chains) {
        // Someone has changed it, so this process did not seal that.
        if (!isEqual(headMac(secrets.auditKey, chain), chain.mac)) continue;
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
