import type { Sql, Transaction } from "./db/connect.ts";

/** What a user last approved for a client that the operator lets log in without asking again. */
export interface Consent {
  userId: string;
  clientId: string;
  /** As the client registered it. */
  redirectUri: string;
  scope: string;
  /** Identifiers (RFC 8707); undefined: the default resource. */
  resources?: readonly string[];
  createdAt: Date;
  lastUsedAt: Date;
}

interface Row {
  user_id: string;
  client_id: string;
  redirect_uri: string;
  scope: string;
  resources: string[] | null;
  created_at: Date;
  last_used_at: Date;
}

function fromRow(row: Row): Consent {
  return {
    userId: row.user_id,
    clientId: row.client_id,
    redirectUri: row.redirect_uri,
    scope: row.scope,
    resources: row.resources ?? undefined,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}

/** Remembers an approval in place of an earlier one for the client. */
export async function rememberConsent(
  sql: Sql,
  consent: Omit<Consent, "createdAt" | "lastUsedAt"> & { now: Date },
): Promise<void> {
  const resources = consent.resources === undefined ? null : sql.json([...consent.resources]);
  await sql`
    insert into consents (
      user_id, client_id, redirect_uri, scope, resources, created_at, last_used_at
    ) values (
      ${consent.userId}, ${consent.clientId}, ${consent.redirectUri}, ${consent.scope},
      ${resources}, ${consent.now}, ${consent.now}
    )
    on conflict (user_id, client_id) do update set
      redirect_uri = excluded.redirect_uri, scope = excluded.scope,
      resources = excluded.resources, created_at = excluded.created_at,
      last_used_at = excluded.last_used_at`;
}

export async function findConsent(
  sql: Sql,
  { userId, clientId }: { userId: string; clientId: string },
): Promise<Consent | undefined> {
  const rows = await sql<Row[]>`
    select * from consents where user_id = ${userId} and client_id = ${clientId}`;
  return rows.map(fromRow)[0];
}

export async function recordConsentUse(
  sql: Sql,
  { userId, clientId, now }: { userId: string; clientId: string; now: Date },
): Promise<void> {
  await sql`
    update consents set last_used_at = ${now}
    where user_id = ${userId} and client_id = ${clientId}`;
}

/** A user's consents, last used first. */
export async function listConsents(
  sql: Sql,
  { userId, limit }: { userId: string; limit: number },
): Promise<Consent[]> {
  const rows = await sql<Row[]>`
    select * from consents where user_id = ${userId}
    order by last_used_at desc, client_id limit ${limit}`;
  return rows.map(fromRow);
}

/** False if there is none. */
export async function deleteConsent(
  sql: Sql | Transaction,
  { userId, clientId }: { userId: string; clientId: string },
): Promise<boolean> {
  const rows = await sql`
    delete from consents where user_id = ${userId} and client_id = ${clientId}
    returning client_id`;
  return rows.length === 1;
}

export async function deleteConsentsOfClient(
  sql: Sql | Transaction,
  clientId: string,
): Promise<void> {
  await sql`delete from consents where client_id = ${clientId}`;
}
