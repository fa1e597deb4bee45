import type { Sql, Transaction } from "./db/connect.ts";

/** What a browser has started at a provider. */
export interface UpstreamSignIn {
  provider: string;
  purpose: "sign_in" | "link" | "test";
  /** Who links an account, or signs in again. */
  userId?: string;
  testId?: string;
  /** Where to go afterwards. */
  next: string;
  /** Whether the provider must have authenticated the user after it was started. */
  fresh: boolean;
  /** The acr that is needed. */
  acr?: string;
  startedAt: Date;
}

interface Row {
  provider: string;
  purpose: UpstreamSignIn["purpose"];
  user_id: string | null;
  test_id: string | null;
  next: string;
  fresh: boolean;
  acr: string | null;
  created_at: Date;
}

/** False if `network` has started `limit` already within `since`. */
export async function insertUpstreamSignIn(
  sql: Sql,
  signIn: UpstreamSignIn & {
    stateHash: Uint8Array;
    browserHash: Uint8Array;
    network: string;
    expiresAt: Date;
    since: Date;
    limit: number;
  },
): Promise<boolean> {
  const rows = await sql`
    insert into upstream_sign_ins (
      state_hash, provider, browser_hash, purpose, user_id, test_id, next, fresh, acr, network,
      created_at, expires_at
    )
    select ${signIn.stateHash}::bytea, ${signIn.provider}::text, ${signIn.browserHash}::bytea,
      ${signIn.purpose}::text, ${signIn.userId ?? null}::uuid, ${signIn.testId ?? null}::uuid,
      ${signIn.next}::text, ${signIn.fresh}::boolean, ${signIn.acr ?? null}::text,
      ${signIn.network}::text, ${signIn.startedAt}::timestamptz, ${signIn.expiresAt}::timestamptz
    where (
      select count(*) from upstream_sign_ins
      where network = ${signIn.network} and created_at > ${signIn.since}
    ) < ${signIn.limit}
    returning state_hash`;
  return rows.length === 1;
}

/** Why a response of a provider belongs to nothing that this browser waits for. */
export type UnusableState = "unknown" | "other_browser" | "used" | "expired";

/** Uses a state: of many responses with it, one gets what was started. */
export async function useUpstreamSignIn(
  sql: Sql,
  { stateHash, provider, browserHash, now }: {
    stateHash: Uint8Array;
    provider: string;
    browserHash: Uint8Array;
    now: Date;
  },
): Promise<UpstreamSignIn | UnusableState> {
  const rows = await sql<Row[]>`
    update upstream_sign_ins set used_at = ${now}
    where state_hash = ${stateHash} and provider = ${provider} and browser_hash = ${browserHash}
      and used_at is null and expires_at > ${now}
    returning *`;
  if (rows.length === 1) return fromRow(rows[0]);
  const [started] = await sql<{ is_here: boolean; used_at: Date | null }[]>`
    select provider = ${provider} and browser_hash = ${browserHash} as is_here, used_at
    from upstream_sign_ins where state_hash = ${stateHash}`;
  if (started === undefined) return "unknown";
  if (!started.is_here) return "other_browser";
  return started.used_at === null ? "expired" : "used";
}

function fromRow(row: Row): UpstreamSignIn {
  return {
    provider: row.provider,
    purpose: row.purpose,
    userId: row.user_id ?? undefined,
    testId: row.test_id ?? undefined,
    next: row.next,
    fresh: row.fresh,
    acr: row.acr ?? undefined,
    startedAt: row.created_at,
  };
}

/** Deletes those that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldUpstreamSignIns(
  sql: Sql | Transaction,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from upstream_sign_ins where ctid = any(array(
      select ctid from upstream_sign_ins where expires_at < ${before} limit ${limit}))`;
  return count;
}

/** Withdraws what a user has started: linking an account, or signing in again. */
export async function deleteUpstreamSignInsOfUser(tx: Transaction, userId: string): Promise<void> {
  await tx`delete from upstream_sign_ins where user_id = ${userId}`;
}
