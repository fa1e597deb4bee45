import type { Sql } from "../db/connect.ts";

/** When, from where and with what a token was last used. */
export interface TokenUse {
  at: Date;
  /** Undefined if a resource server presented it. */
  address?: string;
  agent?: string;
}

/**
 * Records many uses in one statement, and locks in one order so that replicas do not deadlock.
 * An older use never replaces a newer one.
 */
export async function recordTokenUses(
  sql: Sql,
  uses: readonly (TokenUse & { id: string })[],
): Promise<void> {
  const list = uses.map(({ id, at, address, agent }) => ({
    id,
    at: at.toISOString(),
    address: address ?? null,
    agent: agent ?? null,
  }));
  await sql`
    with used as (
      select * from jsonb_to_recordset(${sql.json(list)})
        as used (id uuid, at timestamptz, address text, agent text)
    ), locked as (
      select t.id from personal_access_tokens t where t.id in (select id from used)
      order by t.id for update
    )
    update personal_access_tokens t
    set last_used_at = used.at,
      last_used_address = coalesce(used.address, t.last_used_address),
      last_used_agent = coalesce(used.agent, t.last_used_agent)
    from used join locked on locked.id = used.id
    where t.id = used.id and (t.last_used_at is null or t.last_used_at < used.at)`;
}
