import { type Authentication, authenticationFromRow } from "../sign_in/authentication.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** What a user has approved in the browser, until the client redeems its code (RFC 6749 section 4.1). */
export interface AuthorizationCode {
  clientId: string;
  userId: string;
  scope: string;
  /** As the catalog stores them; undefined: the default resource. */
  resources?: readonly string[];
  redirectUri: string;
  /** With the method S256 (RFC 7636 section 4.2). */
  codeChallenge: string;
  nonce?: string;
  /** What the program called itself. */
  loginName?: string;
  authenticatedAt: Date;
  authentication?: Authentication;
  /** The browser session that approved it. */
  sessionId?: string;
  expiresAt: Date;
  /** The span of the request that issued it, for traces. */
  traceContext?: string;
}

/** A code that a client has tried to redeem, and what it got for it. */
export interface UsedAuthorizationCode extends AuthorizationCode {
  redeemedAt?: Date;
  loginId?: string;
  accessTokenId?: string;
  accessTokenExpiresAt?: Date;
}

interface Row {
  client_id: string;
  user_id: string;
  scope: string;
  resources: string[] | null;
  redirect_uri: string;
  code_challenge: string;
  nonce: string | null;
  login_name: string | null;
  authenticated_at: Date;
  acr: string | null;
  amr: string[] | null;
  session_id: string | null;
  expires_at: Date;
  redeemed_at: Date | null;
  login_id: string | null;
  access_token_id: string | null;
  access_token_expires_at: Date | null;
  trace_context: string | null;
}

function fromRow(row: Row): UsedAuthorizationCode {
  return {
    clientId: row.client_id,
    userId: row.user_id,
    scope: row.scope,
    resources: row.resources ?? undefined,
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    nonce: row.nonce ?? undefined,
    loginName: row.login_name ?? undefined,
    authenticatedAt: row.authenticated_at,
    authentication: authenticationFromRow(row),
    sessionId: row.session_id ?? undefined,
    expiresAt: row.expires_at,
    redeemedAt: row.redeemed_at ?? undefined,
    loginId: row.login_id ?? undefined,
    accessTokenId: row.access_token_id ?? undefined,
    accessTokenExpiresAt: row.access_token_expires_at ?? undefined,
    traceContext: row.trace_context ?? undefined,
  };
}

/**
 * Stores a code that a browser session approved, and deletes the user's oldest codes beyond `limit`:
 * a page could request them in a loop. False if the session was signed out or its user disabled in
 * the meantime; a sign-out that is in progress waits for the code, and then withdraws it.
 */
export async function insertAuthorizationCode(
  sql: Sql,
  code: AuthorizationCode & { codeHash: Uint8Array; sessionId: string; createdAt: Date },
  limit: number,
): Promise<boolean> {
  const rows = await sql<{ inserted: boolean }[]>`
    with approver as (
      select s.user_id from sessions s join users u on u.id = s.user_id
      where s.id = ${code.sessionId} and s.user_id = ${code.userId}
        and s.expires_at > ${code.createdAt} and u.disabled_at is null
      for share of s
    ), inserted as (
      insert into authorization_codes (
        code_hash, client_id, user_id, scope, resources, redirect_uri, code_challenge, nonce,
        login_name, authenticated_at, created_at, expires_at, acr, amr, session_id,
        trace_context
      ) select
        ${code.codeHash}::bytea, ${code.clientId}::text, user_id, ${code.scope}::text,
        ${code.resources === undefined ? null : sql.json([...code.resources])}::jsonb,
        ${code.redirectUri}::text, ${code.codeChallenge}::text, ${code.nonce ?? null}::text,
        ${code.loginName ?? null}::text, ${code.authenticatedAt}::timestamptz,
        ${code.createdAt}::timestamptz, ${code.expiresAt}::timestamptz,
        ${code.authentication?.acr ?? null}::text,
        ${code.authentication === undefined ? null : sql.json([...code.authentication.amr])}::jsonb,
        ${code.sessionId}::uuid, ${code.traceContext ?? null}::text
      from approver
      returning code_hash
    ), deleted as (
      delete from authorization_codes where code_hash in (
        select code_hash from authorization_codes where user_id = ${code.userId}
        order by created_at desc, code_hash offset ${limit - 1}
      )
    )
    select exists (select 1 from inserted) as inserted`;
  return rows[0].inserted;
}

/**
 * Uses up a code: of many requests at the same time, one gets it, the others undefined. Run it in
 * the transaction that creates the login.
 */
export async function redeemAuthorizationCode(
  tx: Transaction,
  code: { codeHash: Uint8Array; clientId: string; now: Date },
): Promise<AuthorizationCode | undefined> {
  const rows = await tx<Row[]>`
    update authorization_codes set redeemed_at = ${code.now}
    where code_hash = ${code.codeHash} and client_id = ${code.clientId}
      and redeemed_at is null and expires_at > ${code.now}
    returning *`;
  return rows.map(fromRow)[0];
}

/** Records what a client gets for a code, in the transaction that redeems it. */
export async function recordRedemption(
  tx: Transaction,
  redemption: {
    codeHash: Uint8Array;
    loginId?: string;
    accessTokenId: string;
    accessTokenExpiresAt: Date;
  },
): Promise<void> {
  await tx`
    update authorization_codes set
      login_id = ${redemption.loginId ?? null},
      access_token_id = ${redemption.accessTokenId},
      access_token_expires_at = ${redemption.accessTokenExpiresAt}
    where code_hash = ${redemption.codeHash}`;
}

export async function findAuthorizationCode(
  sql: Sql,
  code: { codeHash: Uint8Array; clientId: string },
): Promise<UsedAuthorizationCode | undefined> {
  const rows = await sql<Row[]>`
    select * from authorization_codes
    where code_hash = ${code.codeHash} and client_id = ${code.clientId}`;
  return rows.map(fromRow)[0];
}

/** Withdraws the codes of a user that no client has redeemed yet. */
export async function withdrawAuthorizationCodes(
  sql: Sql | Transaction,
  userId: string,
): Promise<void> {
  await sql`
    delete from authorization_codes where user_id = ${userId} and redeemed_at is null`;
}

/** Withdraws the codes that browser sessions approved and no client has redeemed yet. */
export async function withdrawAuthorizationCodesOfSessions(
  tx: Transaction,
  sessionIds: readonly string[],
): Promise<void> {
  if (sessionIds.length === 0) return;
  await tx`
    delete from authorization_codes
    where session_id in ${tx(sessionIds)} and redeemed_at is null`;
}

/** Withdraws the codes of a client that is removed. */
export async function withdrawAuthorizationCodesOfClient(
  sql: Sql | Transaction,
  clientId: string,
): Promise<void> {
  await sql`
    delete from authorization_codes where client_id = ${clientId} and redeemed_at is null`;
}

/** Deletes codes that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldAuthorizationCodes(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from authorization_codes where ctid = any(array(
      select ctid from authorization_codes where expires_at < ${before} limit ${limit}))`;
  return count;
}
