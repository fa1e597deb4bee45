/** The accounts, tokens, logins and rules that ids of the audit log stand for. */
import { nameKey } from "../../../shared/name_key.ts";
import type { Sql } from "../db/connect.ts";

/** What an id stands for. */
export interface NamedId {
  id: string;
  kind: "user" | "service_account" | "token" | "login" | "rule" | "browser";
  name: string;
  /** Whose login or browser it is. */
  userId: string | null;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of one name: prefixes of tokens and names of accounts are few. */
const MAX_IDS = 100;

/** What the ids stand for, as far as it still exists. Ids of other forms are names themselves. */
export async function describeAuditIds(
  sql: Sql,
  ids: readonly string[],
): Promise<NamedId[]> {
  const uuids = [...new Set(ids)].filter((id) => UUID.test(id));
  if (uuids.length === 0) return [];
  const own = sql`id in ${sql(uuids)}`;
  return await sql<NamedId[]>`
    select id::text, 'user' as kind, email as name, null::text as "userId" from users where ${own}
    union all select id::text, 'service_account', name, null from service_accounts where ${own}
    union all select id::text, 'token', name, null from personal_access_tokens where ${own}
    union all
      select id::text, 'login', coalesce(name, client_id), user_id::text
      from refresh_token_families where ${own}
    union all select id::text, 'rule', name, null from trust_rules where ${own}
    union all select id::text, 'browser', user_agent, user_id::text from sessions where ${own}`;
}

/**
 * The ids that `text` is the name of: the address or the former id of a user, the name of a service
 * account or trust rule, or the prefix of a personal access token.
 */
export async function findAuditIds(sql: Sql, text: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id::text from users where email_key = ${nameKey(text)} or subject = ${text}
    union all select id::text from service_accounts where name = ${text}
    union all select id::text from trust_rules where name = ${text}
    union all (
      select id::text from personal_access_tokens where token_prefix = ${text} limit ${MAX_IDS}
    )`;
  return rows.map(({ id }) => id);
}
