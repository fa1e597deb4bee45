import type { Sql, Transaction } from "./db/connect.ts";
import { sharedPerDatabase } from "./db/shared_read.ts";

/** What happens to an account of a provider that is not linked and has no user. */
export const FIRST_SIGN_IN_POLICIES = ["allow", "queue", "refuse"] as const;
export type FirstSignInPolicy = typeof FIRST_SIGN_IN_POLICIES[number];

/** What a value of `acr` or `amr` counts as: see server/sign_in/authentication.ts. */
export type AcrMapping = Record<string, "2fa" | "phr">;

/** A provider with which users sign in. */
export interface IdentityProvider {
  /** In the redirect URI. */
  name: string;
  /** The name of its template, see server/identity_providers/templates.ts. */
  template: string;
  /** On the button; undefined: that of the template. */
  title?: string;
  issuer: string;
  clientId: string;
  /** Domains of e-mail addresses, in lower case; empty: any. */
  domains: readonly string[];
  /** Whether users with an address of its domains sign in here and not with a password. */
  required: boolean;
  /** Whether every address that it sends counts as verified. */
  trustsAddresses: boolean;
  firstSignIn: FirstSignInPolicy;
  groupsClaim?: string;
  /** Undefined: its `acr` and `amr` count as nothing. */
  acrMapping?: AcrMapping;
  /** Requested besides those of the template. */
  scopes: readonly string[];
  /** Whether refresh tokens are kept, to check later that accounts still exist. */
  recheck: boolean;
  createdAt: Date;
  disabledAt?: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
}

interface Row {
  name: string;
  template: string;
  title: string | null;
  issuer: string;
  client_id: string;
  domains: string[];
  required: boolean;
  trusts_addresses: boolean;
  first_sign_in: FirstSignInPolicy;
  groups_claim: string | null;
  acr_mapping: AcrMapping | null;
  scopes: string[];
  recheck: boolean;
  created_at: Date;
  disabled_at: Date | null;
  managed_by: string | null;
}

/** What can be changed; the client secret has a function of its own. */
export type ProviderSettings = Omit<
  IdentityProvider,
  "name" | "template" | "issuer" | "createdAt" | "disabledAt" | "managedBy"
>;

function fromRow(row: Row): IdentityProvider {
  return {
    name: row.name,
    template: row.template,
    title: row.title ?? undefined,
    issuer: row.issuer,
    clientId: row.client_id,
    domains: row.domains,
    required: row.required,
    trustsAddresses: row.trusts_addresses,
    firstSignIn: row.first_sign_in,
    groupsClaim: row.groups_claim ?? undefined,
    acrMapping: row.acr_mapping ?? undefined,
    scopes: row.scopes,
    recheck: row.recheck,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    managedBy: row.managed_by ?? undefined,
  };
}

/** False if the name or the issuer is taken. `clientSecret` is encrypted. */
export async function insertIdentityProvider(
  sql: Sql | Transaction,
  provider: IdentityProvider & { clientSecret: Uint8Array },
): Promise<boolean> {
  const rows = await sql`
    insert into identity_providers (
      name, template, title, issuer, client_id, client_secret, domains, required, trusts_addresses,
      first_sign_in, groups_claim, acr_mapping, scopes, recheck, created_at, disabled_at
    ) values (
      ${provider.name}, ${provider.template}, ${provider.title ?? null}, ${provider.issuer},
      ${provider.clientId}, ${provider.clientSecret}, ${sql.json([...provider.domains])},
      ${provider.required}, ${provider.trustsAddresses}, ${provider.firstSignIn},
      ${provider.groupsClaim ?? null}, ${
    provider.acrMapping === undefined ? null : sql.json(provider.acrMapping)
  },
      ${sql.json([...provider.scopes])}, ${provider.recheck}, ${provider.createdAt},
      ${provider.disabledAt ?? null}
    )
    on conflict do nothing
    returning name`;
  return rows.length === 1;
}

export async function updateIdentityProvider(
  tx: Transaction,
  name: string,
  settings: ProviderSettings,
): Promise<void> {
  await tx`
    update identity_providers set
      title = ${settings.title ?? null}, client_id = ${settings.clientId},
      domains = ${tx.json([...settings.domains])}, required = ${settings.required},
      trusts_addresses = ${settings.trustsAddresses}, first_sign_in = ${settings.firstSignIn},
      groups_claim = ${settings.groupsClaim ?? null},
      acr_mapping = ${settings.acrMapping === undefined ? null : tx.json(settings.acrMapping)},
      scopes = ${tx.json([...settings.scopes])}, recheck = ${settings.recheck}
    where name = ${name}`;
}

/** Replaces the client secret, which is encrypted, if it is still `from`; undefined: any. */
export async function replaceProviderSecret(
  sql: Sql | Transaction,
  { name, from, to }: { name: string; from?: Uint8Array; to: Uint8Array },
): Promise<void> {
  await sql`
    update identity_providers set client_secret = ${to}
    where name = ${name} and (${from ?? null}::bytea is null or client_secret = ${from ?? null})`;
}

/** The client secret as it is stored. */
export async function readProviderSecret(
  sql: Sql | Transaction,
  name: string,
): Promise<Uint8Array | undefined> {
  const rows = await sql<{ client_secret: Uint8Array }[]>`
    select client_secret from identity_providers where name = ${name}`;
  return rows[0]?.client_secret;
}

export async function setProviderDisabledAt(
  tx: Transaction,
  name: string,
  { disabled, now }: { disabled: boolean; now: Date },
): Promise<void> {
  await tx`
    update identity_providers
    set disabled_at = case when ${disabled}::boolean then coalesce(disabled_at, ${now}) end
    where name = ${name}`;
}

/**
 * Deletes a provider with the accounts that are linked to it and what it may report. Users whom it has
 * disabled stay so: nothing is left for another provider of the same name.
 */
export async function deleteIdentityProvider(tx: Transaction, name: string): Promise<void> {
  await tx`delete from provider_signals where provider = ${name}`;
  await tx`update users set disabled_by = null where disabled_by = ${`idp:${name}`}`;
  await tx`delete from identity_providers where name = ${name}`;
}

export async function findIdentityProvider(
  sql: Sql | Transaction,
  name: string,
): Promise<IdentityProvider | undefined> {
  const rows = await sql<Row[]>`select * from identity_providers where name = ${name}`;
  return rows.map(fromRow)[0];
}

/** Finds a provider, and locks it until the transaction is over. */
export async function lockIdentityProvider(
  tx: Transaction,
  name: string,
): Promise<IdentityProvider | undefined> {
  const rows = await tx<Row[]>`select * from identity_providers where name = ${name} for update`;
  return rows.map(fromRow)[0];
}

/** Finds a provider as it then stays until the transaction is over: see lockIdentityProvider. */
export async function keepIdentityProvider(
  tx: Transaction,
  name: string,
): Promise<IdentityProvider | undefined> {
  const rows = await tx<Row[]>`
    select * from identity_providers where name = ${name} for key share`;
  return rows.map(fromRow)[0];
}

/** The oldest first; operators add few. */
export async function listIdentityProviders(sql: Sql | Transaction): Promise<IdentityProvider[]> {
  const rows = await sql<Row[]>`select * from identity_providers order by created_at, name`;
  return rows.map(fromRow);
}

/** Those that are not disabled. Sign-in pages that are opened together share a read. */
export const listEnabledProviders = sharedPerDatabase(async (sql) =>
  (await listIdentityProviders(sql)).filter(({ disabledAt }) => disabledAt === undefined)
);

/** Whether there is a provider that is not disabled. */
export async function hasIdentityProviders(sql: Sql): Promise<boolean> {
  const [{ any }] = await sql<{ any: boolean }[]>`
    select exists (select 1 from identity_providers where disabled_at is null) as any`;
  return any;
}

/** The enabled provider with which users of this mail domain have to sign in. */
export async function findRequiredProvider(
  sql: Sql | Transaction,
  domain: string,
): Promise<IdentityProvider | undefined> {
  const rows = await sql<Row[]>`
    select * from identity_providers
    where required and disabled_at is null and domains @> ${sql.json([domain])}
    order by created_at, name limit 1`;
  return rows.map(fromRow)[0];
}

/** Another enabled provider that is required for one of these domains. */
export async function findConflictingProvider(
  tx: Transaction,
  { name, domains }: { name: string; domains: readonly string[] },
): Promise<{ name: string; domain: string } | undefined> {
  const rows = await tx<{ name: string; domain: string }[]>`
    select p.name, d.domain from identity_providers p
    cross join lateral jsonb_array_elements_text(p.domains) as d (domain)
    where p.required and p.name <> ${name}
      and d.domain in (select jsonb_array_elements_text(${tx.json([...domains])}))
    limit 1`;
  return rows[0];
}

/** What a provider is used for. */
export async function countProviderBelongings(
  sql: Sql | Transaction,
  name: string,
): Promise<{ identities: number; only: number; queued: number }> {
  const [counts] = await sql<{ identities: number; only: number; queued: number }[]>`
    select
      (select count(*)::int from identities where provider = ${name}) as identities,
      (
        select count(distinct u.id)::int from users u join identities i on i.user_id = u.id
        where i.provider = ${name} and u.password_hash is null
          and not exists (
            select 1 from passkeys where passkeys.user_id = u.id and passkeys.blocked_at is null
          )
          and not exists (
            select 1 from identities other join identity_providers p on p.name = other.provider
            where other.user_id = u.id and other.provider <> ${name} and p.disabled_at is null
          )
      ) as only,
      (
        select count(*)::int from queued_sign_ins where provider = ${name} and denied_at is null
      ) as queued`;
  return counts;
}
