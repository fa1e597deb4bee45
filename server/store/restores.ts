/** Times that the database was restored from, and what of that time must not be used again. */
import { isUuid } from "../../shared/uuid.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** Records that the database was restored to its state at `since`. False if that was known. */
export async function recordRestore(
  sql: Sql | Transaction,
  { since, now }: { since: Date; now: Date },
): Promise<boolean> {
  const rows = await sql`
    insert into restores (since, applied_at) values (${since}, ${now})
    on conflict (since) do nothing returning since`;
  return rows.length === 1;
}

/** What was open at `since`, and may have been used after it. */
export type OpenThing =
  | "setup_link"
  | "password_link"
  | "address_link"
  | "device_authorization"
  | "authorization_code"
  | "pending_sign_in";

/**
 * Ends the links and codes that were open at `since`: they may have been used after it. Returns how
 * many of each kind.
 */
export async function endOpenThings(
  tx: Transaction,
  { since, now }: { since: Date; now: Date },
): Promise<Record<OpenThing, number>> {
  const setup = await tx`delete from setup_links where created_at <= ${since}`;
  const password = await tx`
    update password_links set expires_at = ${now}
    where created_at <= ${since} and used_at is null and expires_at > ${now}`;
  const address = await tx`
    update address_links set expires_at = ${now}
    where created_at <= ${since} and used_at is null and expires_at > ${now}`;
  // One that was redeemed after it is approved again, and would become a second login.
  const device = await tx`
    update device_authorizations set status = 'denied'
    where created_at <= ${since} and status in ('pending', 'approved') and expires_at > ${now}`;
  const code = await tx`
    delete from authorization_codes where created_at <= ${since} and redeemed_at is null`;
  const pending = await tx`delete from pending_sign_ins where created_at <= ${since}`;
  const upstream = await tx`
    delete from upstream_sign_ins where created_at <= ${since} and used_at is null`;
  await tx`
    delete from identity_provider_tests
    where created_at <= ${since} and finished_at is null`;
  // Codes of authenticator apps, of 30 seconds each, that were used after it.
  await tx`
    update totp_authenticators
    set last_step = greatest(last_step, floor(extract(epoch from ${now}::timestamptz) / 30)::bigint)
    where created_at <= ${since}`;
  return {
    setup_link: setup.count,
    password_link: password.count,
    address_link: address.count,
    device_authorization: device.count,
    authorization_code: code.count,
    pending_sign_in: pending.count + upstream.count,
  };
}

/** Signs out the browser sessions that existed at `since`. Returns their ids. */
export async function endRestoredSessions(
  tx: Transaction,
  { since, now }: { since: Date; now: Date },
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    update sessions set expires_at = ${now} where created_at <= ${since} and expires_at > ${now}
    returning id`;
  return rows.map(({ id }) => id);
}

/** A login or a personal access token that was revoked, with its owner and client or name. */
export interface RevokedRow {
  id: string;
  owner: string;
  name: string;
}

/**
 * Revokes the active logins that existed at `since`: all, those with these ids, or those of these
 * users that existed at another time.
 */
export async function revokeRestoredLogins(
  tx: Transaction,
  { since, now, only }: {
    since: Date;
    now: Date;
    only?: { ids: readonly string[]; users: readonly string[] };
  },
): Promise<RevokedRow[]> {
  const condition = only === undefined ? tx`true` : tx`id in (
    select unnest(${idList(tx, only.ids)}) union all
    select id from refresh_token_families where user_id = any (${idList(tx, only.users)}))`;
  return await tx<RevokedRow[]>`
    update refresh_token_families set revoked_at = ${now}, revoked_reason = 'restored'
    where created_at <= ${since} and revoked_at is null and ${condition}
      and idle_expires_at > ${now} and absolute_expires_at > ${now}
    returning id, user_id as owner, client_id as name`;
}

/** Tokens by their ids, or by their owner and name, as of those that were rotated. */
export interface TokenSelection {
  ids: readonly string[];
  names: readonly { owner: string; name: string }[];
}

/** Revokes the active personal access tokens that existed at `since`: all, or those selected. */
export async function revokeRestoredTokens(
  tx: Transaction,
  { since, now, only }: { since: Date; now: Date; only?: TokenSelection },
): Promise<RevokedRow[]> {
  const names = only?.names.filter(({ owner }) => isUuid(owner)).map((token) => ({ ...token }));
  const condition = only === undefined ? tx`true` : tx`id in (
    select unnest(${idList(tx, only.ids)}) union all
    select t.id from jsonb_array_elements(${tx.json(names!)}) n
      join personal_access_tokens t on t.name = n ->> 'name'
        and (t.user_id = (n ->> 'owner')::uuid or t.service_account_id = (n ->> 'owner')::uuid))`;
  return await tx<RevokedRow[]>`
    update personal_access_tokens set revoked_at = ${now}, revoked_reason = 'restored'
    where created_at <= ${since} and revoked_at is null and ${condition}
      and (expires_at is null or expires_at > ${now})
    returning id, coalesce(user_id, service_account_id) as owner, name`;
}

/** Deletes the recovery codes that existed at `since`: all, or those of some users. */
export async function deleteRestoredRecoveryCodes(
  tx: Transaction,
  { since, users }: { since: Date; users?: readonly string[] },
): Promise<number> {
  const condition = users === undefined ? tx`true` : tx`user_id = any (${idList(tx, users)})`;
  const { count } = await tx`
    delete from recovery_codes where created_at <= ${since} and ${condition}`;
  return count;
}

/** Deletes the passkeys with these ids that existed at `since`. Returns how many. */
export async function deleteRestoredPasskeys(
  tx: Transaction,
  { since, ids }: { since: Date; ids: readonly string[] },
): Promise<number> {
  const { count } = await tx`
    delete from passkeys
    where created_at <= ${since}
      and id = any (${idList(tx, ids)})`;
  return count;
}

/** Ids as an array for an index; others, which no row has, are left out. */
function idList(tx: Transaction, ids: readonly string[]) {
  return tx`array(
    select value::uuid from jsonb_array_elements_text(${tx.json(ids.filter(isUuid))})
  )`;
}

/** What can be disabled. Users and clients are named by their ids, the others by their names. */
export type Disabled =
  | "user"
  | "service_account"
  | "client"
  | "trust_rule"
  | "directory"
  | "identity_provider";

/** Those of `things` that existed at `since` and are enabled. */
export async function listEnabled(
  tx: Transaction,
  { since, things }: { since: Date; things: readonly { kind: Disabled; id: string }[] },
): Promise<{ kind: Disabled; id: string }[]> {
  if (things.length === 0) return [];
  return await tx<{ kind: Disabled; id: string }[]>`
    with named (kind, id, created_at, disabled_at) as (
      select 'user', id::text, created_at, disabled_at from users where id = any (${
    idList(tx, things.filter(({ kind }) => kind === "user").map(({ id }) => id))
  })
      union all select 'service_account', name, created_at, disabled_at from service_accounts
      union all select 'client', id, created_at, disabled_at from clients
      union all select 'trust_rule', name, created_at, disabled_at from trust_rules
      union all select 'directory', name, created_at, disabled_at from directories
      union all select 'identity_provider', name, created_at, disabled_at from identity_providers
    )
    select kind, id from named
    where created_at <= ${since} and disabled_at is null and (kind, id) in (
      select value ->> 'kind', value ->> 'id'
      from jsonb_array_elements(${tx.json(things.map(({ kind, id }) => ({ kind, id })))})
    )
    order by kind, id`;
}
