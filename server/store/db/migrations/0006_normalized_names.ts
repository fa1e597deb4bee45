import { brand } from "../../../../shared/brand.ts";
import { nameKey } from "../../../../shared/name_key.ts";
import type { Transaction } from "../connect.ts";
import { MigrationConflict, type MigrationOptions } from "../migration_conflict.ts";

/** Rows per statement. */
const BATCH = 1000;

/**
 * Fills the keys of 0006_normalized_names.sql. If addresses of several users now have the same key,
 * throws MigrationConflict, which lists them for the operator, and changes nothing.
 */
export async function fillNameKeys(
  tx: Transaction,
  { renamedUsers = new Map() }: MigrationOptions,
): Promise<void> {
  for (const [id, email] of renamedUsers) {
    const { count } = await tx`update users set email = ${email} where id::text = ${id}`;
    if (count === 0) throw new MigrationConflict(`there is no user with the id ${id}`);
  }
  const byKey = new Map<string, { id: string; email: string; created_at: Date }[]>();
  await eachBatch<{ id: string; email: string; created_at: Date }>(
    (after) =>
      tx`
        select id, email, created_at from users
        where ${after ?? null}::uuid is null or id > ${after ?? null}::uuid
        order by id limit ${BATCH}`,
    async (rows) => {
      const keys = rows.map((row) => ({ id: row.id, key: nameKey(row.email) }));
      for (const [index, { key }] of keys.entries()) {
        byKey.set(key, [...byKey.get(key) ?? [], rows[index]]);
      }
      await tx`
        update users set email_key = keyed.key
        from jsonb_to_recordset(${tx.json(keys)}) as keyed (id uuid, key text)
        where users.id = keyed.id`;
    },
  );
  const alike = [...byKey.values()].filter(({ length }) => length > 1);
  if (alike.length > 0) throw conflictOf(alike);
  await tx`alter table users alter column email_key set not null`;
  await tx`create unique index users_email_key on users (email_key)`;
  await tx`drop index users_email`;

  await eachBatch<{ id: string; name: string }>(
    (after) =>
      tx`
        select id, name from personal_access_tokens
        where ${after ?? null}::uuid is null or id > ${after ?? null}::uuid
        order by id limit ${BATCH}`,
    async (rows) => {
      const names = rows.map(({ id, name }) => ({
        id,
        name: name.normalize("NFC"),
        key: nameKey(name),
      }));
      await tx`
        update personal_access_tokens t set name = named.name, name_key = named.key
        from jsonb_to_recordset(${tx.json(names)}) as named (id uuid, name text, key text)
        where t.id = named.id`;
    },
  );
  await tx`alter table personal_access_tokens alter column name_key set not null`;
}

async function eachBatch<Row extends { id: string }>(
  read: (after: string | undefined) => PromiseLike<readonly unknown[]>,
  write: (rows: readonly Row[]) => Promise<void>,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const rows = await read(after) as readonly Row[];
    if (rows.length === 0) return;
    await write(rows);
    after = rows[rows.length - 1].id;
  }
}

function conflictOf(
  alike: readonly (readonly { id: string; email: string; created_at: Date }[])[],
): MigrationConflict {
  const groups = alike.slice(0, 20).map((users) =>
    users.map(({ id, email, created_at }) =>
      `${id} ${JSON.stringify(email)} of ${created_at.toISOString().slice(0, 10)}`
    ).join(" and ")
  );
  const more = alike.length > groups.length ? ` and ${alike.length - groups.length} more` : "";
  return new MigrationConflict(
    `users have the same e-mail address once letter case and Unicode form do not count: ` +
      `${groups.join("; ")}${more}. Give all but one of each another address: ` +
      `${brand.binaryName} migrate --rename-user ID=ADDRESS (repeatable). Nothing has been changed.`,
  );
}
