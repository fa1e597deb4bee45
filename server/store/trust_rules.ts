import type { Condition } from "../federation/condition.ts";
import type { ProviderName } from "../federation/providers.ts";
import type { TrustRule } from "../federation/trust_rule.ts";
import type { Sql, Transaction } from "./db/connect.ts";

interface Row {
  id: string;
  name: string;
  provider: ProviderName;
  issuer: string;
  audience: string;
  conditions: Condition[];
  scope: string;
  lifetime_seconds: number;
  user_id: string | null;
  service_account_id: string | null;
  enabled_until: Date | null;
  created_at: Date;
}

function fromRow(row: Row): TrustRule {
  return {
    id: row.id,
    name: row.name,
    provider: row.provider,
    issuer: row.issuer,
    audience: row.audience,
    conditions: row.conditions,
    scope: row.scope,
    lifetimeSeconds: row.lifetime_seconds,
    principal: row.user_id !== null
      ? { id: row.user_id, kind: "user" }
      : { id: row.service_account_id!, kind: "service_account" },
    enabledUntil: row.enabled_until ?? undefined,
    createdAt: row.created_at,
  };
}

/** The most rules that are tried for one token. */
const MAX_RULES = 1000;

/** False if the name is taken. */
export async function insertTrustRule(sql: Sql | Transaction, rule: TrustRule): Promise<boolean> {
  const { principal } = rule;
  const rows = await sql`
    insert into trust_rules (
      id, name, provider, issuer, audience, conditions, scope, lifetime_seconds,
      user_id, service_account_id, enabled_until, created_at
    ) values (
      ${rule.id}, ${rule.name}, ${rule.provider}, ${rule.issuer}, ${rule.audience},
      ${sql.json(rule.conditions as unknown as Parameters<typeof sql.json>[0])},
      ${rule.scope}, ${rule.lifetimeSeconds},
      ${principal.kind === "user" ? principal.id : null},
      ${principal.kind === "service_account" ? principal.id : null},
      ${rule.enabledUntil ?? null}, ${rule.createdAt}
    )
    on conflict (name) do nothing
    returning id`;
  return rows.length === 1;
}

export async function trustRuleExists(sql: Sql | Transaction, name: string): Promise<boolean> {
  return (await sql`select 1 from trust_rules where name = ${name}`).length === 1;
}

/** The rules of one issuer, oldest first. */
export async function trustRulesOfIssuer(sql: Sql, issuer: string): Promise<TrustRule[]> {
  const rows = await sql<Row[]>`
    select * from trust_rules where issuer = ${issuer} order by created_at, name limit ${MAX_RULES}`;
  return rows.map(fromRow);
}

/** The longest lifetime that a rule grants, in seconds; 0 without rules. */
export async function longestRuleLifetime(sql: Sql | Transaction): Promise<number> {
  const [{ longest }] = await sql<{ longest: number }[]>`
    select coalesce(max(lifetime_seconds), 0)::int as longest from trust_rules`;
  return longest;
}

export type ListedTrustRule = TrustRule & { principalName: string };

export async function listTrustRules(sql: Sql): Promise<ListedTrustRule[]> {
  const rows = await sql<(Row & { username: string })[]>`
    select t.*, p.username from trust_rules t
    join principals p on p.id = coalesce(t.user_id, t.service_account_id)
    order by t.created_at, t.name limit ${MAX_RULES}`;
  return rows.map((row) => ({ ...fromRow(row), principalName: row.username }));
}

/** Returns the deleted rule. */
export async function deleteTrustRule(
  sql: Sql | Transaction,
  name: string,
): Promise<TrustRule | undefined> {
  return (await sql<Row[]>`delete from trust_rules where name = ${name} returning *`)
    .map(fromRow)[0];
}
