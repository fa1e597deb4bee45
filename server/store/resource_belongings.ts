import type { RegisteredResource } from "../resources/resource.ts";
import { boundedCount } from "./bounded_count.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/**
 * What refers to a resource and is in use: what stops working with it. Logins and tokens are counted up
 * to one more than MAX_COUNTED.
 */
export interface ResourceBelongings {
  /** Active logins that were approved for it. */
  logins: number;
  /** Personal access tokens for it. */
  tokens: number;
  /** Clients that are limited to it and others. */
  clients: number;
}

type Reference = Pick<RegisteredResource, "name" | "identifier">;

export async function countResourceBelongings(
  sql: Sql | Transaction,
  { name, identifier }: Reference,
  now: Date,
): Promise<ResourceBelongings> {
  const logins = sql`
    select from refresh_token_families
    where resources @> ${sql.json([identifier])} and revoked_at is null
      and idle_expires_at > ${now} and absolute_expires_at > ${now}`;
  const tokens = sql`
    select from personal_access_tokens
    where resource = ${identifier} and revoked_at is null
      and (expires_at is null or expires_at > ${now})`;
  const [counts] = await sql<ResourceBelongings[]>`
    select
      ${boundedCount(sql, logins)} as logins,
      ${boundedCount(sql, tokens)} as tokens,
      (select count(*)::int from clients where resources @> ${sql.json([name])}) as clients`;
  return { ...counts };
}

/**
 * Withdraws a resource that is removed from all that was approved for it, so that another resource
 * of the same name or identifier gets nothing of that. Logins for it only are revoked.
 */
export async function withdrawStoredResource(
  tx: Transaction,
  { name, identifier, scopes, now }:
    & Reference
    & { scopes: readonly string[]; now: Date },
): Promise<void> {
  const [ours, reason] = [tx.json([identifier]), "resource_removed"];
  const isOpen = isRecent(tx, now);
  // Before the logins: it waits for a redemption in progress, whose login then has it removed too.
  await tx`
    update device_authorizations set status = 'denied'
    where resources @> ${ours} and status in ('pending', 'approved') and ${isOpen}`;
  await tx`
    delete from authorization_codes
    where resources @> ${ours} and redeemed_at is null and ${isOpen}`;
  await tx`delete from consents where resources @> ${ours}`;
  await tx`
    update refresh_token_families set revoked_at = ${now}, revoked_reason = ${reason}
    where resources @> ${ours} and resources = ${ours} and revoked_at is null`;
  await tx`
    update refresh_token_families set
      resources = resources - ${identifier}::text, scope = ${scopeWithout(tx, scopes)}
    where resources @> ${ours} and revoked_at is null`;
  await tx`
    update delegated_tokens set revoked_at = ${now}, revoked_reason = ${reason}
    where resource = ${identifier} and revoked_at is null and ${isOpen}`;
  await tx`
    update personal_access_tokens set revoked_at = ${now}, revoked_reason = ${reason}
    where resource = ${identifier} and revoked_at is null`;
  await tx`
    update clients set resources = resources - ${name}::text
    where resources @> ${tx.json([name])}`;
}

/**
 * Withdraws scopes that a resource declares from all that was approved before: users saw them as
 * permissions of another resource, which had a scope of the same name.
 */
export async function withdrawStoredScopes(
  tx: Transaction,
  scopes: readonly string[],
  now: Date,
): Promise<void> {
  const without = scopeWithout(tx, scopes);
  const isAffected = tx`scope_names(scope) && array(
    select jsonb_array_elements_text(${tx.json([...scopes])})
  )`;
  const isOpen = isRecent(tx, now);
  // Before the logins: it waits for a redemption in progress, whose login then loses them too.
  await tx`
    update device_authorizations set scope = ${without}
    where status in ('pending', 'approved') and ${isOpen} and ${isAffected}`;
  await tx`
    update authorization_codes set scope = ${without}
    where redeemed_at is null and ${isOpen} and ${isAffected}`;
  await tx`update consents set scope = ${without} where ${isAffected}`;
  await tx`
    update refresh_token_families set scope = ${without}
    where revoked_at is null and ${isAffected}`;
}

/** By which clocks of replicas, and of the database, may differ. */
const CLOCK_MARGIN_MS = 3_600_000;

/** For rows that are kept for a while after they expire: an index finds those that have not. */
function isRecent(tx: Transaction, now: Date) {
  return tx`expires_at > ${new Date(now.getTime() - CLOCK_MARGIN_MS)}`;
}

/** The column `scope` without `scopes`. */
function scopeWithout(tx: Transaction, scopes: readonly string[]) {
  return tx`array_to_string(array(
    select granted from unnest(string_to_array(scope, ' ')) as granted
    where not ${tx.json([...scopes])}::jsonb @> to_jsonb(granted)
  ), ' ')`;
}
