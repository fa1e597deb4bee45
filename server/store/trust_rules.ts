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
  disabled_at: Date | null;
  created_at: Date;
  managed_by: string | null;
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
    disabledAt: row.disabled_at ?? undefined,
    createdAt: row.created_at,
    managedBy: row.managed_by ?? undefined,
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
      user_id, service_account_id, enabled_until, disabled_at, created_at
    ) values (
      ${rule.id}, ${rule.name}, ${rule.provider}, ${rule.issuer}, ${rule.audience},
      ${sql.json(rule.conditions as unknown as Parameters<typeof sql.json>[0])},
      ${rule.scope}, ${rule.lifetimeSeconds},
      ${principal.kind === "user" ? principal.id : null},
      ${principal.kind === "service_account" ? principal.id : null},
      ${rule.enabledUntil ?? null}, ${rule.disabledAt ?? null}, ${rule.createdAt}
    )
    on conflict (name) do nothing
    returning id`;
  return rows.length === 1;
}

export async function trustRuleExists(sql: Sql | Transaction, name: string): Promise<boolean> {
  return (await sql`select 1 from trust_rules where name = ${name}`).length === 1;
}

export async function findTrustRule(
  sql: Sql | Transaction,
  name: string,
): Promise<ListedTrustRule | undefined> {
  const rows = await sql<ListedRow[]>`
    select t.*, p.username from trust_rules t
    join principals p on p.id = coalesce(t.user_id, t.service_account_id)
    where t.name = ${name}`;
  return rows.map(fromListedRow)[0];
}

export async function findTrustRuleById(
  sql: Sql,
  id: string,
): Promise<ListedTrustRule | undefined> {
  const rows = await sql<ListedRow[]>`
    select t.*, p.username from trust_rules t
    join principals p on p.id = coalesce(t.user_id, t.service_account_id)
    where t.id::text = ${id.toLowerCase()}`;
  return rows.map(fromListedRow)[0];
}

/** Finds a rule, and locks it until the transaction is over. */
export async function lockTrustRule(
  tx: Transaction,
  name: string,
): Promise<ListedTrustRule | undefined> {
  await tx`select from trust_rules where name = ${name} for update`;
  // A statement of its own: it sees what a transaction that held the lock has changed.
  return await findTrustRule(tx, name);
}

/**
 * When each rule was last used, by its id, if that was after `since`: from the audit log and from
 * the uses that are still counted for it.
 */
export async function lastUsesOfRules(sql: Sql, since: Date): Promise<Map<string, Date>> {
  const rows = await sql<{ subject: string; used_at: Date }[]>`
    select subject, max(used_at) as used_at from (
      select subject, occurred_at as used_at from audit_log
      where event = 'workload.token_issued' and occurred_at >= ${since}
      union all
      select subject, last_at from audit_repeats
      where event = 'workload.token_issued' and last_at >= ${since}
    ) uses group by subject`;
  return new Map(rows.map(({ subject, used_at }) => [subject, used_at]));
}

/** What can be changed about a rule. Returns false if it was removed. */
export async function updateTrustRule(
  sql: Sql | Transaction,
  rule: Pick<
    TrustRule,
    "id" | "issuer" | "audience" | "conditions" | "scope" | "lifetimeSeconds" | "enabledUntil"
  >,
): Promise<boolean> {
  const { count } = await sql`
    update trust_rules set
      issuer = ${rule.issuer},
      audience = ${rule.audience},
      conditions = ${sql.json(rule.conditions as unknown as Parameters<typeof sql.json>[0])},
      scope = ${rule.scope},
      lifetime_seconds = ${rule.lifetimeSeconds},
      enabled_until = ${rule.enabledUntil ?? null}
    where id = ${rule.id}`;
  return count === 1;
}

/** Returns false if there is no such rule. A rule that is disabled already keeps its time. */
export async function setTrustRuleDisabled(
  sql: Sql | Transaction,
  { name, disabled, now }: { name: string; disabled: boolean; now: Date },
): Promise<boolean> {
  const { count } = await sql`
    update trust_rules set
      disabled_at = case when ${disabled} then coalesce(disabled_at, ${now}) end
    where name = ${name}`;
  return count === 1;
}

/** How many rules act as this account. */
export async function countRulesOfAccount(
  sql: Sql | Transaction,
  principalId: string,
): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from trust_rules
    where user_id = ${principalId} or service_account_id = ${principalId}`;
  return count;
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

type ListedRow = Row & { username: string };

function fromListedRow(row: ListedRow): ListedTrustRule {
  return { ...fromRow(row), principalName: row.username };
}

export async function listTrustRules(sql: Sql): Promise<ListedTrustRule[]> {
  const rows = await sql<ListedRow[]>`
    select t.*, p.username from trust_rules t
    join principals p on p.id = coalesce(t.user_id, t.service_account_id)
    order by t.created_at, t.name limit ${MAX_RULES}`;
  return rows.map(fromListedRow);
}

/** Returns the deleted rule. */
export async function deleteTrustRule(
  sql: Sql | Transaction,
  name: string,
): Promise<TrustRule | undefined> {
  return (await sql<Row[]>`delete from trust_rules where name = ${name} returning *`)
    .map(fromRow)[0];
}
