import { randomUUID } from "node:crypto";
import type { Sql, Transaction } from "./db/connect.ts";
import { type User, userFromRow, type UserRow } from "./users.ts";

/** What a provider sent about an account last, shortened. */
export interface ClaimsSummary {
  name?: string;
  /** The name at the provider, such as a GitHub user name. */
  username?: string;
  emailVerified?: boolean;
}

/** The account of a user at a provider. */
export interface Identity {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  userId: string;
  email?: string;
  claims: ClaimsSummary;
  /** Whether its refresh token is kept, to check that the account still exists. */
  hasRefreshToken: boolean;
  lastCheckedAt?: Date;
  lastSignedInAt?: Date;
  createdAt: Date;
}

interface Row {
  id: string;
  provider: string;
  issuer: string;
  subject: string;
  user_id: string;
  email: string | null;
  claims: ClaimsSummary;
  has_refresh_token: boolean;
  last_checked_at: Date | null;
  last_signed_in_at: Date | null;
  created_at: Date;
}

function fromRow(row: Row): Identity {
  return {
    id: row.id,
    provider: row.provider,
    issuer: row.issuer,
    subject: row.subject,
    userId: row.user_id,
    email: row.email ?? undefined,
    claims: row.claims,
    hasRefreshToken: row.has_refresh_token,
    lastCheckedAt: row.last_checked_at ?? undefined,
    lastSignedInAt: row.last_signed_in_at ?? undefined,
    createdAt: row.created_at,
  };
}

function columns(sql: Sql | Transaction) {
  return sql`
    i.id, i.provider, i.issuer, i.subject, i.user_id, i.email, i.claims,
    i.refresh_token is not null as has_refresh_token, i.last_checked_at, i.last_signed_in_at,
    i.created_at`;
}

/** Undefined if the account is linked already. */
export async function insertIdentity(
  tx: Transaction,
  identity: {
    provider: string;
    issuer: string;
    subject: string;
    userId: string;
    email: string | undefined;
    claims: ClaimsSummary;
    now: Date;
  },
): Promise<string | undefined> {
  const rows = await tx<{ id: string }[]>`
    insert into identities (id, provider, issuer, subject, user_id, email, claims, created_at)
    values (
      ${randomUUID()}, ${identity.provider}, ${identity.issuer}, ${identity.subject},
      ${identity.userId}, ${identity.email ?? null}, ${tx.json({ ...identity.claims })},
      ${identity.now}
    )
    on conflict (issuer, subject) do nothing
    returning id`;
  return rows[0]?.id;
}

/** Records what the provider said at a sign-in. An undefined `refreshToken` keeps the stored one. */
export async function recordUpstreamSignIn(
  tx: Transaction,
  { id, email, claims, refreshToken, now }: {
    id: string;
    email: string | undefined;
    claims: ClaimsSummary;
    /** Encrypted; null deletes it. */
    refreshToken: Uint8Array | null | undefined;
    now: Date;
  },
): Promise<void> {
  const keeps = refreshToken === undefined;
  await tx`
    update identities set email = ${email ?? null}, claims = ${tx.json({ ...claims })},
      last_signed_in_at = ${now}, last_checked_at = ${now},
      refresh_token = case when ${keeps}::boolean then refresh_token
        else ${refreshToken ?? null}::bytea end
    where id = ${id}`;
}

/** Whether an account is linked to a user; then it stays so until the transaction is over. */
export async function lockIdentity(
  tx: Transaction,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  const rows = await tx`
    select 1 from identities where id = ${id} and user_id = ${userId} for no key update`;
  return rows.length === 1;
}

/** The refresh token as it is stored. */
export async function readIdentityRefreshToken(
  sql: Sql | Transaction,
  id: string,
): Promise<Uint8Array | undefined> {
  const rows = await sql<{ refresh_token: Uint8Array | null }[]>`
    select refresh_token from identities where id = ${id}`;
  return rows[0]?.refresh_token ?? undefined;
}

/**
 * Records a check, and replaces the refresh token if it is still `from`: of two checks at the same
 * time, the token of one counts. An undefined `refreshToken` keeps it.
 */
export async function recordIdentityCheck(
  sql: Sql | Transaction,
  { id, from, refreshToken, now }: {
    id: string;
    from: Uint8Array;
    refreshToken?: Uint8Array | null;
    now: Date;
  },
): Promise<void> {
  const keeps = refreshToken === undefined;
  await sql`
    update identities set last_checked_at = ${now},
      refresh_token = case when ${keeps}::boolean or refresh_token is distinct from ${from}::bytea
        then refresh_token else ${refreshToken ?? null}::bytea end
    where id = ${id}`;
}

/** Forgets the refresh tokens of a user's accounts: they are not checked again before a sign-in. */
export async function deleteIdentityRefreshTokens(tx: Transaction, userId: string): Promise<void> {
  await tx`
    update identities set refresh_token = null
    where user_id = ${userId} and refresh_token is not null`;
}

/** Of all accounts of a provider. */
export async function forgetRefreshTokens(tx: Transaction, provider: string): Promise<void> {
  await tx`update identities set refresh_token = null where provider = ${provider}`;
}

/** Whether it existed. */
export async function deleteIdentity(
  tx: Transaction,
  { id, userId }: { id: string; userId: string },
): Promise<boolean> {
  const rows = await tx`
    delete from identities where id = ${id} and user_id = ${userId} returning id`;
  return rows.length === 1;
}

export async function findIdentity(
  sql: Sql | Transaction,
  id: string,
): Promise<Identity | undefined> {
  const rows = await sql<Row[]>`select ${columns(sql)} from identities i where i.id = ${id}`;
  return rows.map(fromRow)[0];
}

/** An account by what identifies it, with its user. */
export async function findIdentityOf(
  sql: Sql | Transaction,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<{ identity: Identity; user: User } | undefined> {
  const rows = await sql<Row[]>`
    select ${columns(sql)} from identities i
    where i.issuer = ${issuer} and i.subject = ${subject}`;
  if (rows.length === 0) return undefined;
  const users = await sql<UserRow[]>`select * from users where id = ${rows[0].user_id}`;
  return users.map((row) => ({ identity: fromRow(rows[0]), user: userFromRow(row) }))[0];
}

/** The accounts of a user, the oldest first. */
export async function listIdentities(
  sql: Sql | Transaction,
  { userId, provider }: { userId: string; provider?: string },
): Promise<Identity[]> {
  const rows = await sql<Row[]>`
    select ${columns(sql)} from identities i
    where i.user_id = ${userId}
      and (${provider ?? null}::text is null or i.provider = ${provider ?? null})
    order by i.created_at, i.id`;
  return rows.map(fromRow);
}
