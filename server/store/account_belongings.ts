import type { Sql, Transaction } from "./db/connect.ts";

/** What acts as a service account. */
export interface AccountBelongings {
  /** Personal access tokens. */
  tokens: number;
  /** Trust rules that are enabled. */
  rules: number;
}

export async function countAccountBelongings(
  sql: Sql | Transaction,
  name: string,
  { now, removing }: {
    now: Date;
    /** Rules that are removed together with it do not count: of this file, except those it keeps. */
    removing?: { manager: string; kept: readonly string[] };
  },
): Promise<AccountBelongings> {
  const [counts] = await sql<AccountBelongings[]>`
    select
      (select count(*)::int from personal_access_tokens t
        where t.service_account_id = a.id and t.revoked_at is null
          and (t.expires_at is null or t.expires_at > ${now})) as tokens,
      (select count(*)::int from trust_rules r
        where r.service_account_id = a.id and r.disabled_at is null
          and (r.enabled_until is null or r.enabled_until > ${now})
          and (r.managed_by is distinct from ${removing?.manager ?? null}::text
            or r.managed_by is null
            or r.name in (
              select jsonb_array_elements_text(${sql.json([...removing?.kept ?? []])})
            ))) as rules
    from service_accounts a where a.name = ${name}`;
  return counts === undefined ? { tokens: 0, rules: 0 } : { ...counts };
}
