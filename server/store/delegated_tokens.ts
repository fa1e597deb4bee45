import type { Sql, Transaction } from "./db/connect.ts";

/** A narrow access token that a login was exchanged for. */
export interface DelegatedToken {
  /** Its `jti`. */
  id: string;
  loginId: string;
  /** What the client calls the program that it gave the token to. */
  actorName?: string;
  scope: string;
  /** Its `aud`. */
  resource: string;
  createdAt: Date;
  expiresAt: Date;
  address: string;
  userAgent: string;
}

interface Row {
  id: string;
  login_id: string;
  actor_name: string | null;
  scope: string;
  resource: string;
  created_at: Date;
  expires_at: Date;
  address: string;
  user_agent: string;
}

function fromRow(row: Row): DelegatedToken {
  return {
    id: row.id,
    loginId: row.login_id,
    actorName: row.actor_name ?? undefined,
    scope: row.scope,
    resource: row.resource,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent,
  };
}

/**
 * Inserts a token unless its login has `maxActive` active ones. False if it has. Lock the login
 * first, or others count at the same time. `ancestors` are the access tokens that it was exchanged
 * from, by their `jti`.
 */
export async function insertDelegatedToken(
  tx: Transaction,
  token: DelegatedToken & { ancestors: readonly string[] },
  maxActive: number,
): Promise<boolean> {
  // Those that expired long ago, even by the clock of another replica: many may live for a second.
  await tx`
    delete from delegated_tokens
    where login_id = ${token.loginId}
      and expires_at < ${token.createdAt}::timestamptz - interval '1 hour'`;
  const rows = await tx`
    insert into delegated_tokens (
      id, login_id, actor_name, scope, resource, ancestors, address, user_agent, created_at,
      expires_at
    )
    select ${token.id}::uuid, ${token.loginId}::uuid, ${token.actorName ?? null}::text,
      ${token.scope}::text, ${token.resource}::text, ${tx.json([...token.ancestors])}::jsonb,
      ${token.address}::text, ${token.userAgent}::text, ${token.createdAt}::timestamptz,
      ${token.expiresAt}::timestamptz
    where (
      select count(*) from delegated_tokens
      where login_id = ${token.loginId} and revoked_at is null and expires_at > ${token.createdAt}
    ) < ${maxActive}
    returning id`;
  return rows.length === 1;
}

/**
 * The access tokens that an active token was exchanged from. Undefined if it was revoked. `jti` may
 * also be that of a login's own access token, which has none.
 */
export async function findAncestors(
  tx: Transaction,
  { jti, delegatedTokenId }: { jti: string; delegatedTokenId?: string },
): Promise<string[] | undefined> {
  if (delegatedTokenId === undefined) {
    const revoked = await tx`select 1 from revoked_access_tokens where jti = ${jti}`;
    return revoked.length === 0 ? [] : undefined;
  }
  const rows = await tx<{ ancestors: string[] }[]>`
    select ancestors from delegated_tokens
    where id = ${delegatedTokenId} and revoked_at is null`;
  return rows[0]?.ancestors;
}

/** An active token of a user's login. */
export async function findDelegatedToken(
  sql: Sql | Transaction,
  { id, userId, now }: { id: string; userId: string; now: Date },
): Promise<DelegatedToken | undefined> {
  const rows = await sql<Row[]>`
    select t.* from delegated_tokens t join refresh_token_families f on f.id = t.login_id
    where t.id = ${id} and f.user_id = ${userId} and f.revoked_at is null
      and t.revoked_at is null and t.expires_at > ${now}`;
  return rows.map(fromRow)[0];
}

/** The active tokens of logins, newest first. */
export async function listDelegatedTokens(
  sql: Sql,
  query: { loginIds: readonly string[]; now: Date; limit: number },
): Promise<DelegatedToken[]> {
  const rows = await sql<Row[]>`
    select * from delegated_tokens
    where login_id in (select value::uuid from jsonb_array_elements_text(${
    sql.json([...query.loginIds])
  }::jsonb))
      and revoked_at is null and expires_at > ${query.now}
    order by created_at desc, id limit ${query.limit}`;
  return rows.map(fromRow);
}

/**
 * Revokes the token with this `jti` and all that it was exchanged for; returns the ids of those
 * that were not revoked before. Lock the login first, or an exchange at the same time may add one.
 */
export async function revokeDelegatedTokens(
  tx: Transaction,
  revocation: { loginId: string; jti: string; reason: string; now: Date },
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    update delegated_tokens
    set revoked_at = ${revocation.now}, revoked_reason = ${revocation.reason}
    where login_id = ${revocation.loginId} and revoked_at is null
      and (id::text = ${revocation.jti} or ancestors @> to_jsonb(${revocation.jti}::text))
    returning id`;
  return rows.map(({ id }) => id);
}

/** Deletes tokens that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldDelegatedTokens(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from delegated_tokens where ctid = any(array(
      select ctid from delegated_tokens where expires_at < ${before} limit ${limit}))`;
  return count;
}

/** The longest lifetime of the tokens that have not expired, in seconds. */
export async function longestDelegation(sql: Sql | Transaction, now: Date): Promise<number> {
  const [{ longest }] = await sql<{ longest: number }[]>`
    select coalesce(max(ceil(extract(epoch from expires_at - created_at))), 0)::int as longest
    from delegated_tokens where expires_at > ${now}`;
  return longest;
}
