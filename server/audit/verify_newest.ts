/** Checks the newest seals of the audit log, in a bounded time however long the log is. */
import {
  listNewestChains,
  listNewestEventsWithoutChain,
  listSealedEvents,
  type StoredChain,
} from "../store/audit_log/seals.ts";
import type { Sql } from "../store/db/connect.ts";
import { checkBeginning } from "./check_beginning.ts";
import {
  addedTo,
  type ChainProblem,
  checkEnd,
  checkEvents,
  checkStart,
  isAuthentic,
  MAX_ADDED,
  removed,
} from "./check_chain.ts";
import { hex } from "./sealer.ts";
import type { VerifyDeps } from "./verify_chain.ts";

export interface NewestSeals {
  problems: ChainProblem[];
  /** How many events were checked: the newest ones of each of the last chains. */
  events: number;
}

/** Chains whose rows are checked, and their order. */
const MAX_CHAINS = 500;
/** Events whose seals are checked: of one chain, since several processes record at a time. */
const CHAIN_EVENTS = 300;
/** Of all chains. */
const MAX_EVENTS = 3000;
/** Events that may be sealed meanwhile. */
const SLACK = 1000;

/**
 * Checks the rows of the last chains, and the seals of the newest events in them. What else may be
 * wrong, such as a change of older events, verifyAuditChain finds.
 */
export async function verifyNewestSeals(
  { sql, secrets }: Pick<VerifyDeps, "sql" | "secrets">,
  { maxChains = MAX_CHAINS, chainEvents = CHAIN_EVENTS, maxEvents = MAX_EVENTS } = {},
): Promise<NewestSeals> {
  const key = secrets.auditKey;
  // One more, whose genesis the next one covers.
  const chains = await listNewestChains(sql, maxChains + 1);
  const hasFirst = chains.length <= maxChains;
  const result: NewestSeals = { problems: [], events: 0 };
  for (const [index, chain] of chains.entries()) {
    const before = chains[index + 1];
    if (before === undefined && !hasFirst) break;
    result.problems.push(...checkStart(key, chain, {
      chain: before?.number ?? "0",
      genesis: before === undefined ? "" : hex(before.genesis),
    }));
  }
  for (const chain of chains) {
    if (result.events >= maxEvents) break;
    if (isDropped(key, chain)) continue;
    const { problems, events } = await checkNewestEvents(sql, key, chain, chainEvents);
    result.problems.push(...problems);
    result.events += events;
  }
  const added = await listNewestEventsWithoutChain(sql, { newest: maxEvents, limit: MAX_ADDED });
  result.problems.push(...added.map((event) => addedTo(undefined, event)));
  result.problems.push(...await checkBeginning(sql));
  return result;
}

function isDropped(key: Uint8Array, chain: StoredChain): boolean {
  return chain.droppedAt !== null && isAuthentic(key, chain);
}

async function checkNewestEvents(
  sql: Sql,
  key: Uint8Array,
  chain: StoredChain,
  limit: number,
): Promise<NewestSeals> {
  let from = { position: "0", link: hex(chain.genesis) };
  const skipped = BigInt(chain.position) - BigInt(limit);
  if (skipped > 0n) {
    const { events: [event], end } = await listSealedEvents(sql, {
      ...{ chain: chain.id, week: chain.week },
      ...{ after: String(skipped - 1n), limit: 1 },
    });
    if (isDropped(key, { ...chain, ...end })) return { problems: [], events: 0 };
    if (event?.position !== String(skipped)) {
      return { problems: [removed(chain, skipped, skipped)], events: 0 };
    }
    from = { position: event.position, link: hex(event.link) };
  }
  const checked = await checkEvents(sql, key, chain, from, [], limit + SLACK);
  const { problems, events, isDone } = checked;
  if (!isDone || checked.isDropped) return { problems, events };
  const end = { ...chain, ...checked.end };
  return { problems: [...problems, ...checkEnd(end, checked.position, checked.link, [])], events };
}
