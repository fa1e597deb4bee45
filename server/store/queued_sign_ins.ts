import { randomUUID } from "node:crypto";
import type { ClaimsSummary } from "./identities.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A first sign-in that waits for an administrator. */
export interface QueuedSignIn {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string;
  name: string;
  claims: ClaimsSummary;
  createdAt: Date;
  lastAttemptAt: Date;
  deniedAt?: Date;
}

interface Row {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string;
  name: string;
  claims: ClaimsSummary;
  created_at: Date;
  last_attempt_at: Date;
  denied_at: Date | null;
}

function fromRow(row: Row): QueuedSignIn {
  return {
    id: row.id,
    provider: row.provider,
    issuer: row.issuer,
    subject: row.subject,
    email: row.email,
    name: row.name,
    claims: row.claims,
    createdAt: row.created_at,
    lastAttemptAt: row.last_attempt_at,
    deniedAt: row.denied_at ?? undefined,
  };
}

/**
 * Adds a sign-in to the queue, or updates the one that waits already. `full`: the provider has
 * `limit` others in the queue.
 */
export async function queueSignIn(
  tx: Transaction,
  signIn: Omit<QueuedSignIn, "id" | "createdAt" | "lastAttemptAt" | "deniedAt"> & {
    now: Date;
    limit: number;
  },
): Promise<{ state: "queued" | "waiting" | "denied"; id: string } | "full"> {
  // One at a time for each provider, so that the limit holds.
  await tx`select 1 from identity_providers where name = ${signIn.provider} for no key update`;
  const rows = await tx<{ id: string; created_at: Date; denied_at: Date | null }[]>`
    insert into queued_sign_ins as q (
      id, provider, issuer, subject, email, name, claims, created_at, last_attempt_at
    )
    select ${randomUUID()}::uuid, ${signIn.provider}::text, ${signIn.issuer}::text,
      ${signIn.subject}::text, ${signIn.email}::text, ${signIn.name}::text,
      ${tx.json({ ...signIn.claims })}::jsonb, ${signIn.now}::timestamptz,
      ${signIn.now}::timestamptz
    where exists (
        select 1 from queued_sign_ins
        where issuer = ${signIn.issuer} and subject = ${signIn.subject}
      )
      or (select count(*) from queued_sign_ins where provider = ${signIn.provider})
        < ${signIn.limit}
    on conflict (issuer, subject) do update set
      -- Who approves a request approves what it said.
      id = case when q.email = excluded.email and q.name = excluded.name
        then q.id else excluded.id end,
      email = excluded.email, name = excluded.name, claims = excluded.claims,
      last_attempt_at = excluded.last_attempt_at
    returning id, created_at, denied_at`;
  if (rows.length === 0) return "full";
  const [{ id, created_at, denied_at }] = rows;
  if (denied_at !== null) return { state: "denied", id };
  return { state: created_at.getTime() === signIn.now.getTime() ? "queued" : "waiting", id };
}

/** Those that wait, the oldest first; with `denied`, also those that were denied. */
export async function listQueuedSignIns(
  sql: Sql,
  { limit, denied = false }: { limit: number; denied?: boolean },
): Promise<QueuedSignIn[]> {
  const rows = await sql<Row[]>`
    select * from queued_sign_ins where ${denied}::boolean or denied_at is null
    order by created_at, email, id limit ${limit}`;
  return rows.map(fromRow);
}

export async function countQueuedSignIns(sql: Sql): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from queued_sign_ins where denied_at is null`;
  return count;
}

export async function findQueuedSignIn(
  sql: Sql | Transaction,
  id: string,
): Promise<QueuedSignIn | undefined> {
  const rows = await sql<Row[]>`select * from queued_sign_ins where id::text = ${id}`;
  return rows.map(fromRow)[0];
}

/** Takes a sign-in out of the queue: of two decisions, one gets it. */
export async function takeQueuedSignIn(
  tx: Transaction,
  id: string,
): Promise<QueuedSignIn | undefined> {
  const rows = await tx<Row[]>`delete from queued_sign_ins where id::text = ${id} returning *`;
  return rows.map(fromRow)[0];
}

/** Undefined if it does not wait any more. */
export async function denyQueuedSignIn(
  tx: Transaction,
  { id, now }: { id: string; now: Date },
): Promise<QueuedSignIn | undefined> {
  const rows = await tx<Row[]>`
    update queued_sign_ins set denied_at = ${now}
    where id::text = ${id} and denied_at is null returning *`;
  return rows.map(fromRow)[0];
}

/** Deletes those whose last attempt was before `before`, at most `limit`; returns how many. */
export async function deleteOldQueuedSignIns(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from queued_sign_ins where ctid = any(array(
      select ctid from queued_sign_ins where last_attempt_at < ${before} limit ${limit}))`;
  return count;
}
