/** The seals of the audit log, and the chains they form; what they prove: server/audit/seal.ts. */
import type { Sql, Transaction } from "../db/connect.ts";
import { auditColumns, type AuditRecord } from "./list.ts";

const WEEK_MS = 7 * 86_400_000;

/** An event that has no seal yet; `key` has its whole time, which a Date may not. */
export type UnsealedEvent = AuditRecord & { key: string };

/**
 * Locks the next events without a seal: those of `replica`, and those of other processes from
 * before `orphanedBefore`, which stopped before they sealed them. Neither those of programs before
 * the seals, nor those that another process seals now.
 */
export async function lockUnsealedEvents(
  tx: Transaction,
  { replica, since, orphanedBefore, limit }: {
    replica: string;
    /** So that only some partitions are read; undefined: all. */
    since?: Date;
    orphanedBefore?: Date;
    limit: number;
  },
): Promise<UnsealedEvent[]> {
  return await tx<UnsealedEvent[]>`
    select ${auditColumns(tx)}, occurred_at::text as key from audit_log
    where chain is null and replica is not null
      ${since === undefined ? tx`` : tx`and occurred_at >= ${since}`}
      and ${
    orphanedBefore === undefined
      ? tx`replica = ${replica}::uuid`
      : tx`occurred_at < ${orphanedBefore}`
  }
    order by audit_log.seq limit ${limit}
    for update skip locked`;
}

export interface StoredSeal {
  id: string;
  key: string;
  position: bigint;
  salt: Uint8Array;
  commitment: Uint8Array;
  link: Uint8Array;
}

export async function storeSeals(
  tx: Transaction,
  chain: string,
  seals: readonly StoredSeal[],
): Promise<void> {
  const rows = seals.map(({ id, key, position, salt, commitment, link }) => ({
    ...{ id, key, position: String(position) },
    ...{ salt: hex(salt), commitment: hex(commitment), link: hex(link) },
  }));
  await tx`
    update audit_log l set
      chain = ${chain}::uuid, position = s.position::bigint, salt = decode(s.salt, 'hex'),
      commitment = decode(s.commitment, 'hex'), link = decode(s.link, 'hex')
    from jsonb_to_recordset(${tx.json(rows)}) as s (
      id uuid, key timestamptz, position text, salt text, commitment text, link text
    )
    where l.id = s.id and l.occurred_at = s.key and l.chain is null`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface StoredChain {
  id: string;
  number: string;
  /** The process, or the chain in whose place this one was started: see sealer.ts. */
  replica: string;
  /** The number of that chain; null if it is a process. */
  continues: string | null;
  /** The Monday, as YYYY-MM-DD. */
  week: string;
  startedAt: Date;
  genesis: Uint8Array;
  position: string;
  link: Uint8Array;
  sealedAt: Date;
  droppedAt: Date | null;
  mac: Uint8Array;
}

function chainColumns(sql: Sql | Transaction) {
  return sql`id, number::text, replica, week::text, started_at as "startedAt", genesis,
    position::text, link, sealed_at as "sealedAt", dropped_at as "droppedAt", mac,
    (select c.number::text from audit_chains c where c.id = audit_chains.replica) as continues`;
}

/** Locks the chain of a process and a week. */
export async function lockChain(
  tx: Transaction,
  { replica, week }: { replica: string; week: string },
): Promise<StoredChain | undefined> {
  const rows = await tx<StoredChain[]>`
    select ${chainColumns(tx)} from audit_chains
    where replica = ${replica} and week = ${week}::date for update`;
  return rows[0];
}

/** The last chain, of which the next one depends; locks out others that start one. */
export async function lockLastChain(
  tx: Transaction,
): Promise<Pick<StoredChain, "number" | "genesis"> | undefined> {
  await tx`lock table audit_chains in share row exclusive mode`;
  const rows = await tx<Pick<StoredChain, "number" | "genesis">[]>`
    select number::text, genesis from audit_chains order by audit_chains.number desc limit 1`;
  return rows[0];
}

export async function insertChain(
  tx: Transaction,
  chain: Omit<StoredChain, "continues">,
): Promise<void> {
  await tx`
    insert into audit_chains (
      id, number, replica, week, started_at, genesis, position, link, sealed_at, mac
    ) values (
      ${chain.id}, ${chain.number}::bigint, ${chain.replica}, ${chain.week}::date,
      ${chain.startedAt}, ${chain.genesis}, ${chain.position}::bigint, ${chain.link},
      ${chain.sealedAt}, ${chain.mac}
    )`;
}

export async function updateChain(
  tx: Transaction,
  chain: Omit<StoredChain, "continues">,
): Promise<void> {
  await tx`
    update audit_chains set position = ${chain.position}::bigint, link = ${chain.link},
      sealed_at = ${chain.sealedAt}, dropped_at = ${chain.droppedAt}, mac = ${chain.mac}
    where id = ${chain.id}`;
}

/** The chains of a week whose events were not dropped; locks them. */
export async function lockChainsOfWeek(tx: Transaction, week: string): Promise<StoredChain[]> {
  return await tx<StoredChain[]>`
    select ${chainColumns(tx)} from audit_chains
    where week = ${week}::date and dropped_at is null order by audit_chains.number for update`;
}

/** In the order in which they started, after a number. */
export async function listChains(
  sql: Sql | Transaction,
  { after, limit }: { after: string; limit: number },
): Promise<StoredChain[]> {
  return await sql<StoredChain[]>`
    select ${chainColumns(sql)} from audit_chains
    where number > ${after}::bigint order by audit_chains.number limit ${limit}`;
}

/** Those that started last, the newest first. */
export async function listNewestChains(sql: Sql, limit: number): Promise<StoredChain[]> {
  return await sql<StoredChain[]>`
    select ${chainColumns(sql)} from audit_chains order by audit_chains.number desc limit ${limit}`;
}

/** Of one process, the newest first, with those that were started in place of another one. */
export async function listChainsOfReplica(
  sql: Sql,
  { replica, limit }: { replica: string; limit: number },
): Promise<StoredChain[]> {
  return await sql<StoredChain[]>`
    with recursive own (id) as (
      select id from audit_chains where replica = ${replica}
      union
      select c.id from audit_chains c join own on c.replica = own.id
    )
    select ${chainColumns(sql)} from audit_chains where id in (select id from own)
    order by audit_chains.number desc limit ${limit}`;
}

export type SealedEvent = AuditRecord & {
  position: string;
  salt: Uint8Array | null;
  commitment: Uint8Array;
  link: Uint8Array;
  amendment: Uint8Array | null;
};

/** What changes in the row of a chain. */
export type ChainEnd = Pick<StoredChain, "position" | "link" | "droppedAt" | "mac">;

interface EndColumns {
  endPosition: string;
  endLink: Uint8Array;
  endDroppedAt: Date | null;
  endMac: Uint8Array;
}

/**
 * The sealed events of a chain, in order, and the end of the chain. In one statement: beside it,
 * servers seal events, and retention removes them. `end` is undefined if the chain has no row.
 */
export async function listSealedEvents(
  sql: Sql | Transaction,
  { chain, week, after, limit }: { chain: string; week: string; after: string; limit: number },
): Promise<{ events: SealedEvent[]; end: ChainEnd | undefined }> {
  const since = new Date(`${week}T00:00:00Z`);
  const rows = await sql<(SealedEvent & EndColumns)[]>`
    select e.*, c.position::text as "endPosition", c.link as "endLink",
      c.dropped_at as "endDroppedAt", c.mac as "endMac"
    from audit_chains c left join lateral (
      select ${auditColumns(sql)}, position::text, salt, commitment, link, amendment
      from audit_log
      where chain = ${chain} and audit_log.position > ${after}::bigint
        and occurred_at >= ${since} and occurred_at < ${new Date(since.getTime() + WEEK_MS)}
      order by audit_log.position, id limit ${limit}
    ) e on true
    where c.id = ${chain} order by e.position::bigint, e.id`;
  const [first] = rows;
  if (first === undefined) return { events: [], end: undefined };
  return {
    // Without events, there is one row for the chain itself.
    events: first.id === null ? [] : rows,
    end: {
      position: first.endPosition,
      link: first.endLink,
      droppedAt: first.endDroppedAt,
      mac: first.endMac,
    },
  };
}

/** An event that pretends to have a seal. */
export type MisplacedEvent = Pick<AuditRecord, "id" | "event" | "occurredAt">;

/**
 * Events of a chain that listSealedEvents cannot return: without a number, with one below 1, or in
 * another week.
 */
export async function listMisplacedEvents(
  sql: Sql | Transaction,
  { chain, week, limit }: { chain: string; week: string; limit: number },
): Promise<MisplacedEvent[]> {
  const since = new Date(`${week}T00:00:00Z`);
  const until = new Date(since.getTime() + WEEK_MS);
  const columns = sql`id, event, occurred_at as "occurredAt" from audit_log where chain = ${chain}`;
  return await sql<MisplacedEvent[]>`
    (select ${columns} and audit_log.position is null limit ${limit})
    union (select ${columns} and audit_log.position < 1 limit ${limit})
    union (select ${columns} and occurred_at < ${since} limit ${limit})
    union (select ${columns} and occurred_at >= ${until} limit ${limit})
    order by "occurredAt", id limit ${limit}`;
}

/** Other events with the number of this one. */
export async function listEventsAtPosition(
  sql: Sql | Transaction,
  { chain, position, after, limit }: {
    chain: string;
    position: string;
    /** The id. */
    after: string;
    limit: number;
  },
): Promise<MisplacedEvent[]> {
  return await sql<MisplacedEvent[]>`
    select id, event, occurred_at as "occurredAt" from audit_log
    where chain = ${chain} and audit_log.position = ${position}::bigint and id > ${after}
    order by id limit ${limit}`;
}

/**
 * An event of each chain that has no row in audit_chains; skips from chain to chain. In the order of
 * the index: otherwise the planner expects to find one soon, and scans the partitions that have none.
 */
export async function listEventsWithoutChain(
  sql: Sql | Transaction,
  limit: number,
): Promise<MisplacedEvent[]> {
  return await sql<MisplacedEvent[]>`
    with recursive used (chain) as (
      (select chain from audit_log where chain is not null order by chain limit 1)
      union all
      select (
        select l.chain from audit_log l where l.chain > used.chain order by l.chain limit 1
      ) from used where used.chain is not null
    )
    select e.id, e.event, e."occurredAt"
    from used cross join lateral (
      select id, event, occurred_at as "occurredAt" from audit_log
      where chain = used.chain order by audit_log.position limit 1
    ) e
    where not exists (select from audit_chains c where c.id = used.chain)
    order by e."occurredAt", e.id limit ${limit}`;
}

/** Among the `newest` events, one of each chain that has no row in audit_chains. */
export async function listNewestEventsWithoutChain(
  sql: Sql,
  { newest, limit }: { newest: number; limit: number },
): Promise<MisplacedEvent[]> {
  return await sql<MisplacedEvent[]>`
    select distinct on (chain) id, event, occurred_at as "occurredAt" from (
      select id, event, occurred_at, chain from audit_log order by audit_log.seq desc
      limit ${newest}
    ) e
    where chain is not null and not exists (select from audit_chains c where c.id = e.chain)
    order by chain, occurred_at, id limit ${limit}`;
}

/** Events without a seal that will get one soon, and late ones. */
export async function countUnsealedEvents(
  sql: Sql,
  orphanedBefore: Date,
): Promise<{ waiting: number; overdue: number }> {
  const [row] = await sql<{ waiting: number; overdue: number }[]>`
    select
      (select count(*)::int from audit_log
        where chain is null and replica is not null and occurred_at >= ${orphanedBefore}) as waiting,
      (select count(*)::int from audit_log
        where chain is null and replica is not null and occurred_at < ${orphanedBefore}) as overdue`;
  return { ...row };
}

/** Whether there is an event of before `before` without a seal that it should have. */
export async function hasUnsealedEvents(sql: Sql, before: Date): Promise<boolean> {
  const [{ has }] = await sql<{ has: boolean }[]>`
    select exists (
      select from audit_log
      where chain is null and replica is not null and occurred_at < ${before}
    ) as has`;
  return has;
}

/** Those of programs that did not seal, or of someone who pretends to be one, in one partition. */
export async function countEventsOfOlderPrograms(sql: Sql, partition: string): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from ${sql(partition)} where chain is null and replica is null`;
  return count;
}
