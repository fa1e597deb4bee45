/** Checks the seals of the audit log, page by page. */
import type { Clock } from "../../shared/clock.ts";
import { listAuditPartitions } from "../store/audit_log/partitions.ts";
import {
  type ChainEnd,
  countEventsOfOlderPrograms,
  countUnsealedEvents,
  listChains,
  listEventsAtPosition,
  listEventsWithoutChain,
  listMisplacedEvents,
  listSealedEvents,
  type MisplacedEvent,
  type StoredChain,
} from "../store/audit_log/seals.ts";
import type { Sql } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { genesisOf, headMac, isEqual, isUnchanged, linkOf } from "./seal.ts";
import { hex, ORPHANED_AFTER_MS } from "./sealer.ts";

export interface VerifyDeps {
  sql: Sql;
  clock: Clock;
  secrets: Pick<ServerSecrets, "auditKey">;
}

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

/** Where to continue. As JSON, since a client keeps it between requests. */
export interface VerifyCursor {
  /** The number of the last chain that was checked as a whole. */
  chain: string;
  genesis: string;
  /** Within the next chain: the last event. */
  position: string;
  link: string;
}

export interface VerifyPage {
  problems: ChainProblem[];
  /** Chains and events that were checked in this page. */
  chains: number;
  events: number;
  /** Weeks that retention has removed. */
  dropped: number;
  /** Null at the end. */
  next: VerifyCursor | null;
}

/** Events that are read at once. */
const BATCH_SIZE = 1000;
/** Events and chains of one page. */
const PAGE_SIZE = 5000;
/** Events of one chain that pretend to have a seal, and chains that pretend to be one. */
const MAX_ADDED = 100;

/** Checks the next part of the log: about 5,000 events. `known`: seals that the log must have. */
export async function verifyAuditChain(
  { sql, secrets }: Pick<VerifyDeps, "sql" | "secrets">,
  { cursor, known = [] }: { cursor?: VerifyCursor; known?: readonly KnownSeal[] },
): Promise<VerifyPage> {
  const key = secrets.auditKey;
  const page: VerifyPage = { problems: [], chains: 0, events: 0, dropped: 0, next: null };
  let state = cursor ?? { chain: "0", genesis: "", position: "0", link: "" };
  for (let read = 0; read < PAGE_SIZE;) {
    const [chain] = await listChains(sql, { after: state.chain, limit: 1 });
    if (chain === undefined) {
      page.problems.push(...unknownChains(state.chain, known));
      const added = await listEventsWithoutChain(sql, MAX_ADDED);
      page.problems.push(...added.map((event) => addedTo(undefined, event)));
      return page;
    }
    read++;
    const isStart = state.position === "0";
    if (isStart) {
      page.problems.push(...checkStart(key, chain, state));
      const added = await listMisplacedEvents(sql, {
        chain: chain.id,
        week: chain.week,
        limit: MAX_ADDED,
      });
      page.problems.push(...added.map((event) => addedTo(chain, event)));
    }
    if (chain.droppedAt !== null && isAuthentic(key, chain)) {
      page.dropped++;
      state = { chain: chain.number, genesis: hex(chain.genesis), position: "0", link: "" };
      continue;
    }
    const expected = known.filter((seal) => seal.chain === chain.number);
    const from = isStart ? { position: "0", link: hex(chain.genesis) } : state;
    const checked = await checkEvents(sql, key, chain, from, expected, PAGE_SIZE - read);
    page.problems.push(...checked.problems);
    page.events += checked.events;
    read += checked.events;
    if (checked.isDropped) {
      page.dropped++;
      state = { chain: chain.number, genesis: hex(chain.genesis), position: "0", link: "" };
      continue;
    }
    if (!checked.isDone) {
      state = { ...state, position: checked.position, link: checked.link };
      break;
    }
    const end = { ...chain, ...checked.end };
    if (isAuthentic(key, chain) && !isAuthentic(key, end)) page.problems.push(rowChanged(chain));
    page.problems.push(...checkEnd(end, checked.position, checked.link, expected));
    page.chains++;
    state = { chain: chain.number, genesis: hex(chain.genesis), position: "0", link: "" };
  }
  return { ...page, next: state };
}

function isAuthentic(key: Uint8Array, chain: StoredChain): boolean {
  return isEqual(headMac(key, chain), chain.mac);
}

function describeChain({ number, replica, week }: StoredChain): string {
  return `chain ${number} (process ${replica.slice(0, 8)}, week of ${week})`;
}

/** The chain before, the genesis and the end that is stored. */
function checkStart(
  key: Uint8Array,
  chain: StoredChain,
  state: Pick<VerifyCursor, "chain" | "genesis">,
): ChainProblem[] {
  const problems: ChainProblem[] = [];
  const first = BigInt(state.chain) + 1n;
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
  const isGenesis = isEqual(genesisOf(key, chain, fromHex(state.genesis)), chain.genesis);
  if ((missing === 0n && !isGenesis) || !isAuthentic(key, chain)) {
    problems.push(rowChanged(chain));
  }
  return problems;
}

function rowChanged(chain: StoredChain): ChainProblem {
  return {
    code: "chain_changed",
    chain: chain.number,
    message: `The row of ${describeChain(chain)} in audit_chains was changed.`,
  };
}

interface CheckedEvents {
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

async function checkEvents(
  sql: Sql,
  key: Uint8Array,
  chain: StoredChain,
  from: Pick<VerifyCursor, "position" | "link">,
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

function addedTo(
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

function removed(chain: StoredChain, first: bigint, last: bigint): ChainProblem {
  return {
    code: "events_removed",
    chain: chain.number,
    message: first === last
      ? `Event ${first} of ${describeChain(chain)} was removed.`
      : `Events ${first} to ${last} of ${describeChain(chain)} were removed.`,
  };
}

/** Whether the last event is the one that the chain, and the log, say. */
function checkEnd(
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

/** Chains that were logged, and are not there any more. */
function unknownChains(last: string, known: readonly KnownSeal[]): ChainProblem[] {
  const missing = new Set(
    known.filter(({ chain }) => BigInt(chain) > BigInt(last)).map(({ chain }) => chain),
  );
  return [...missing].map((chain) => ({
    code: "chain_removed" as const,
    chain,
    message: `Chain ${chain}, whose seals were logged, was removed with its events.`,
  }));
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from((text.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}

/** Events that no seal protects; `older`: of programs without seals. */
export async function countUnsealed(
  { sql, clock }: Pick<VerifyDeps, "sql" | "clock">,
): Promise<{ waiting: number; overdue: number; older: number }> {
  const unsealed = await countUnsealedEvents(sql, new Date(clock.now() - ORPHANED_AFTER_MS));
  const partitions = (await listAuditPartitions(sql)).filter(({ attached }) => attached)
    .map(({ name }) => name);
  let older = 0;
  for (const partition of ["audit_log_default", ...partitions]) {
    older += await countEventsOfOlderPrograms(sql, partition);
  }
  return { ...unsealed, older };
}
