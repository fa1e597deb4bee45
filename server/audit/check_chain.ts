/** What the seals of one chain prove; see seal.ts. */
import {
  type ChainEnd,
  listEventsAtPosition,
  listSealedEvents,
  type MisplacedEvent,
  type StoredChain,
} from "../store/audit_log/seals.ts";
import type { Sql } from "../store/db/connect.ts";
import { genesisOf, headMac, isEqual, isUnchanged, linkOf } from "./seal.ts";
import { hex } from "./sealer.ts";

/** What is wrong with the log. */
export interface ChainProblem {
  code:
    | "event_changed"
    | "events_added"
    | "events_removed"
    | "events_reordered"
    | "chain_removed"
    | "chain_changed";
  /** A sentence. */
  message: string;
  /** Of the chain; empty if there is none. */
  chain: string;
  /** The event, if it is one. */
  event?: string;
}

/** A seal that was logged: `audit_sealed` in the log of the server. */
export interface KnownSeal {
  chain: string;
  position: string;
  link: string;
}

/** Events that are read at once. */
const BATCH_SIZE = 1000;
/** Events of one chain that pretend to have a seal, and chains that pretend to be one. */
export const MAX_ADDED = 100;

export function isAuthentic(key: Uint8Array, chain: StoredChain): boolean {
  return isEqual(headMac(key, chain), chain.mac);
}

function describeChain({ number, continues, replica, week }: StoredChain): string {
  const origin = continues === null
    ? `process ${replica.slice(0, 8)}`
    : `in place of chain ${continues}`;
  return `chain ${number} (${origin}, week of ${week})`;
}

/** The chain before, the genesis and the end that is stored. */
export function checkStart(
  key: Uint8Array,
  chain: StoredChain,
  previous: { chain: string; genesis: string },
): ChainProblem[] {
  const problems: ChainProblem[] = [];
  const first = BigInt(previous.chain) + 1n;
  const missing = BigInt(chain.number) - first;
  if (missing > 0n) {
    const last = BigInt(chain.number) - 1n;
    problems.push({
      code: "chain_removed",
      chain: String(first),
      message: first === last
        ? `Chain ${first} was removed with its events.`
        : `Chains ${first} to ${last} were removed with their events.`,
    });
  }
  const isGenesis = isEqual(genesisOf(key, chain, fromHex(previous.genesis)), chain.genesis);
  if ((missing === 0n && !isGenesis) || !isAuthentic(key, chain)) {
    problems.push(rowChanged(chain));
  }
  return problems;
}

export function rowChanged(chain: StoredChain): ChainProblem {
  return {
    code: "chain_changed",
    chain: chain.number,
    message: `The row of ${describeChain(chain)} in audit_chains was changed.`,
  };
}

export interface CheckedEvents {
  problems: ChainProblem[];
  events: number;
  position: string;
  link: string;
  isDone: boolean;
  /** Retention has removed the events since the row of the chain was read. */
  isDropped: boolean;
  /** The end of the chain when the last of the events were read. */
  end: ChainEnd | undefined;
}

export async function checkEvents(
  sql: Sql,
  key: Uint8Array,
  chain: StoredChain,
  from: { position: string; link: string },
  known: readonly KnownSeal[],
  limit: number,
): Promise<CheckedEvents> {
  const problems: ChainProblem[] = [];
  let events = 0;
  let position = BigInt(from.position);
  let link = fromHex(from.link);
  for (;;) {
    const size = Math.max(1, Math.min(BATCH_SIZE, limit - events));
    const { events: rows, end } = await listSealedEvents(sql, {
      chain: chain.id,
      week: chain.week,
      after: String(position),
      limit: size,
    });
    const stored = { ...chain, ...end };
    const isDropped = stored.droppedAt !== null && chain.droppedAt === null &&
      isAuthentic(key, stored);
    if (isDropped) {
      const place = { position: String(position), link: hex(link) };
      return { problems, events, ...place, isDone: true, isDropped, end };
    }
    for (const row of rows) {
      const at = BigInt(row.position);
      const isNext = at === position + 1n;
      const isSecond = at === position;
      const report = (code: ChainProblem["code"], message: string) =>
        problems.push({ code, message, chain: chain.number, event: row.id });
      if (!isNext && !isSecond) problems.push(removed(chain, position + 1n, at - 1n));
      const when = `${row.event} at ${row.occurredAt.toISOString()} (${row.id})`;
      if (!isUnchanged(key, row, row)) {
        report("event_changed", `The event ${when} was changed after it was sealed.`);
      }
      if (isSecond) {
        problems.push(addedTo(chain, row));
        continue;
      }
      const { commitment } = row;
      if (isNext && !isEqual(linkOf(key, { position: at, previous: link, commitment }), row.link)) {
        report(
          "events_reordered",
          `The event ${when} is not the one that was sealed as number ${at} of ` +
            `${describeChain(chain)}.`,
        );
      }
      const seal = known.find((seal) => seal.position === row.position);
      if (seal !== undefined && seal.link !== hex(row.link)) {
        report(
          "events_reordered",
          `Number ${at} of ${describeChain(chain)} is not the event whose seal was logged.`,
        );
      }
      [position, link] = [at, row.link];
    }
    events += rows.length;
    const isDone = rows.length < size;
    const last = rows.at(-1);
    if (!isDone && last !== undefined) {
      // The next rows are those with higher numbers.
      const added = await listEventsAtPosition(sql, {
        chain: chain.id,
        position: last.position,
        after: last.id,
        limit: MAX_ADDED,
      });
      problems.push(...added.map((event) => addedTo(chain, event)));
    }
    if (isDone || events >= limit) {
      const place = { position: String(position), link: hex(link) };
      return { problems, events, ...place, isDone, isDropped, end };
    }
  }
}

export function addedTo(
  chain: StoredChain | undefined,
  { id, event, occurredAt }: MisplacedEvent,
): ChainProblem {
  const name = `The event ${event} at ${occurredAt.toISOString()} (${id})`;
  return {
    code: "events_added",
    chain: chain?.number ?? "",
    event: id,
    message: chain === undefined
      ? `${name} is in a chain that audit_chains does not have: its seal is forged, or the row of ` +
        "the chain was removed."
      : `${name} was added: it pretends to be sealed in ${describeChain(chain)}.`,
  };
}

export function removed(chain: StoredChain, first: bigint, last: bigint): ChainProblem {
  return {
    code: "events_removed",
    chain: chain.number,
    message: first === last
      ? `Event ${first} of ${describeChain(chain)} was removed.`
      : `Events ${first} to ${last} of ${describeChain(chain)} were removed.`,
  };
}

/** Whether the last event is the one that the chain, and the log, say. */
export function checkEnd(
  chain: StoredChain,
  position: string,
  link: string,
  known: readonly KnownSeal[],
): ChainProblem[] {
  const problems: ChainProblem[] = [];
  const last = known.reduce(
    (last, seal) => BigInt(seal.position) > last ? BigInt(seal.position) : last,
    BigInt(chain.position),
  );
  if (last > BigInt(position)) problems.push(removed(chain, BigInt(position) + 1n, last));
  const isAtEnd = chain.position === position;
  if (BigInt(position) > BigInt(chain.position) || (isAtEnd && hex(chain.link) !== link)) {
    problems.push({
      code: "chain_changed",
      chain: chain.number,
      message: `The end of ${describeChain(chain)} in audit_chains was changed.`,
    });
  }
  return problems;
}
function fromHex(text: string): Uint8Array {
  return Uint8Array.from((text.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}
