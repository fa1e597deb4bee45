import type { Client } from "./clients.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A client that is described by the document at its id. */
export type DocumentClient = Client & Required<Pick<Client, "document">>;

/** Records a client that a user approves. One that has a row already keeps it. */
export async function insertDocumentClient(
  sql: Sql | Transaction,
  client: DocumentClient,
  now: Date,
): Promise<void> {
  await sql`
    insert into clients (
      id, name, homepage, is_public, grants, redirect_uris, document_hash, document_expires_at,
      created_at
    ) values (
      ${client.id}, ${client.name}, ${client.homepage ?? null}, true,
      ${sql.json([...client.grants])}, ${sql.json([...client.redirectUris ?? []])},
      ${client.document.hash}, ${client.document.expiresAt}, ${now}
    ) on conflict (id) do nothing`;
}

/**
 * Records what the document says now. `changed`: it says something else than before, and users who
 * approved the client have not seen that. False if the client has no row.
 */
export async function updateDocumentClient(
  sql: Sql | Transaction,
  client: DocumentClient,
): Promise<{ changed: boolean } | undefined> {
  const rows = await sql<{ changed: boolean }[]>`
    with before as (
      select id, document_hash from clients where id = ${client.id} and document_hash is not null
      for update
    )
    update clients c set
      name = ${client.name}, homepage = ${client.homepage ?? null},
      redirect_uris = ${sql.json([...client.redirectUris ?? []])},
      document_hash = ${client.document.hash},
      document_expires_at = ${client.document.expiresAt},
      document_changed_at = case
        when before.document_hash = ${client.document.hash} then c.document_changed_at
        else ${client.document.changedAt ?? null}::timestamptz
      end
    from before where c.id = before.id
    returning before.document_hash <> ${client.document.hash} as changed`;
  return rows[0];
}

/**
 * Deletes clients that have no login and whose document was not needed since `before`, unless the
 * operator has changed them; at most `limit`. Returns how many.
 */
export async function deleteUnusedDocumentClients(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from clients where id in (
      select c.id from clients c
      where c.document_expires_at < ${before} and c.disabled_at is null and c.consent = 'always'
        and num_nonnulls(
          c.scope, c.resources, c.device_flow, c.access_token_lifetime,
          c.refresh_token_idle_lifetime, c.refresh_token_absolute_lifetime
        ) = 0
        -- For each client separately: a join could read the index of all logins.
        and (select true from refresh_token_families f where f.client_id = c.id limit 1) is null
      limit ${limit})`;
  return count;
}
