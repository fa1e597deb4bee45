/** Checks the seals of the audit log, page by page. */
import type { Clock } from "../../shared/clock.ts";
import { listAuditPartitions } from "../store/audit_log/partitions.ts";
import {
  countEventsOfOlderPrograms,
  countUnsealedEvents,
  listChains,
  listEventsWithoutChain,
  listMisplacedEvents,
} from "../store/audit_log/seals.ts";
import type { Sql } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { checkBeginning } from "./check_beginning.ts";
import {
  addedTo,
  type ChainProblem,
  checkEnd,
  checkEvents,
  checkStart,
  isAuthentic,
  type KnownSeal,
  MAX_ADDED,
  rowChanged,
} from "./check_chain.ts";
import { hex, ORPHANED_AFTER_MS } from "./sealer.ts";

export interface VerifyDeps {
  sql: Sql;
  clock: Clock;
  secrets: Pick<ServerSecrets, "auditKey">;
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

/** Events and chains of one page. */
const PAGE_SIZE = 5000;

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
      page.problems.push(...await checkBeginning(sql));
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
