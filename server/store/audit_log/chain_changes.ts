import type { Sql } from "../db/connect.ts";

/** The event that a chain of seals was changed, and another one started in its place. */
export const CHAIN_CHANGED = "audit.chain_changed";

export interface ChainChange {
  /** When it was noticed. */
  noticedAt: Date;
  /** The numbers of both chains. */
  chain: string;
  successor: string;
}

/** The last one in the log. */
export async function lastChainChange(sql: Sql): Promise<ChainChange | undefined> {
  const rows = await sql<ChainChange[]>`
    select occurred_at as "noticedAt", details ->> 'chain' as chain,
      details ->> 'successor' as successor
    from audit_log where event = ${CHAIN_CHANGED} order by occurred_at desc limit 1`;
  return rows[0];
}
