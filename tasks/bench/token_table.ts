/** A table of as many tokens as a measurement needs. */
import { createHash, randomBytes } from "node:crypto";
import type postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { formatToken } from "../../shared/tokens/format.ts";

const PREFIX = brand.tokenPrefixes.personalAccessToken;
const BATCH = 5000;

/** Well-formed tokens that were never issued. */
export function inventTokens(count: number): string[] {
  return Array.from({ length: count }, () => formatToken(PREFIX, randomBytes(32)));
}

/** Adds `count` tokens of the one user, and returns them. */
export async function addTokens(sql: postgres.Sql, count: number): Promise<string[]> {
  const tokens = inventTokens(count);
  for (let start = 0; start < count; start += BATCH) {
    const hashes = tokens.slice(start, start + BATCH)
      .map((token) => createHash("sha256").update(token).digest("hex"));
    await sql`
      insert into personal_access_tokens
        (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, expires_at)
      select gen_random_uuid(), (select id from users order by id limit 1), 'bench', decode(hash, 'hex'),
        ${PREFIX}, 'openid', '', now(), now() + interval '1 year'
      from jsonb_array_elements_text(${sql.json(hashes)}) hash`;
  }
  return tokens;
}

/** Fills the table up to `size` rows with unknown tokens. */
export async function fillUp(sql: postgres.Sql, size: number): Promise<void> {
  await sql`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, expires_at)
    select gen_random_uuid(), (select id from users), 'bench', sha256(gen_random_uuid()::text::bytea),
      ${PREFIX}, 'openid', '', now(), now() + interval '1 year'
    from generate_series((select count(*) from personal_access_tokens) + 1, ${size}::bigint)`;
  await sql`vacuum analyze personal_access_tokens`;
}
