/** Which columns are encrypted, and that a value works only in its row. */
import assert from "node:assert/strict";
import { createEncryption, EncryptionKeyError } from "../../../server/security/encryption.ts";
import { SEALED_COLUMNS } from "../../../server/security/sealed_columns.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { migrations } from "../../../server/store/db/migrations.ts";
import { countSealedValues } from "../../../server/store/sealed_values.ts";
import { createUser, type User } from "../../../server/store/users.ts";
import { bindsValues } from "../../../server/store/sealing.ts";
import { loadServerSecrets, verifyServerSecrets } from "../../../server/store/server_secrets.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { testStore } from "../../support/test_store.ts";

/** Bytes that are not secret, besides hashes. The seals of the audit log are MACs and salts. */
const PUBLIC = [
  ...["genesis", "link", "mac"].map((column) => `audit_chains.${column}`),
  ...["audit_log", "audit_log_default"].flatMap((table) =>
    ["amendment", "commitment", "link", "salt"].map((column) => `${table}.${column}`)
  ),
  "passkeys.credential_id",
  "passkeys.public_key",
  "write_probe.padding",
];

testStore("sealed columns", {
  async "declares every column of bytes as encrypted, unless it has a hash or is public"({ sql }) {
    const columns = await sql<{ name: string; row_is_key: boolean }[]>`
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public' and data_type = 'bytea'
        -- The weeks of the log, whose names depend on the date.
        and table_name !~ '^audit_log_[0-9]'
        and column_name not like '%\\_hash' order by 1`;
    const declared = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    assert.deepEqual(
      columns.map(({ name }) => name).filter((name) => !PUBLIC.includes(name)),
      declared.sort(),
      "add a column to SEALED_COLUMNS if it is encrypted, and to this test if it is public",
    );
  },
  async "names each row by its primary key"({ sql }) {
    for (const { table, row } of SEALED_COLUMNS) {
      const columns = await sql<{ column_name: string }[]>`
        select k.column_name from information_schema.table_constraints c
        join information_schema.key_column_usage k using (constraint_name, table_name)
        where c.table_schema = 'public' and c.table_name = ${table}
          and c.constraint_type = 'PRIMARY KEY'`;
      assert.deepEqual(columns.map(({ column_name }) => column_name), [row], table);
    }
  },
  async "counts the values of each key in batches"({ sql }) {
    const value = (...bytes: number[]) => new Uint8Array([...bytes, ...Array(10).fill(7)]);
    const values = [value(0), value(2, 1), value(2, 2), value(2, 1), new Uint8Array(), value(1)];
    for (const [index, secret] of values.entries()) {
      await sql`
        insert into totp_enrollments (holder, user_id, secret, expires_at)
        values (${`h${index}`}, ${
        (await createUser(sql, {
          email: `${index}@example.com`,
          name: "",
          isAdmin: false,
          now: new Date(),
        }) as User).id
      }, ${secret}, now())`;
    }
    for (const batch of [1, 2, 3, 6, 100]) {
      assert.deepEqual(
        (await countSealedValues(sql, { batch })).counts
          .filter(({ column }) => column === "totp_enrollments.secret")
          .map(({ key, count }) => [key, count]),
        [["010707070707", 2], ["020707070707", 1], ["plain", 1], ["unnamed", 1]],
      );
    }
  },
  async "rejects values that were swapped between two rows"({ sql }) {
    const encryption = createEncryption({ secretKey: "a".repeat(32) });
    await loadServerSecrets(sql, encryption);
    await verifyServerSecrets(sql, encryption);
    await sql`
      update server_secrets s set value = other.value
      from server_secrets other where other.name <> s.name`;
    await assert.rejects(verifyServerSecrets(sql, encryption), EncryptionKeyError);
    await assert.rejects(loadServerSecrets(sql, encryption), EncryptionKeyError);
  },
});

testOnEachDatabase(
  "binds values in a new database only, since older programs may use another one",
  async (location) => {
    const database = await openDatabase(location);
    const { sql } = database;
    try {
      const apply = async (names: (name: string) => boolean) => {
        for (const migration of migrations.filter(({ name }) => names(name))) {
          await sql.begin(async (tx) => {
            await tx.unsafe(migration.sql);
            await migration.run?.(tx, {});
          });
        }
      };
      await apply((name) => name < "0034");
      await loadServerSecrets(sql, createEncryption({}));
      await apply((name) => name.startsWith("0034"));
      assert.equal(await bindsValues(sql), false);
      await sql`delete from server_secrets`;
      await sql`drop table sealing, removed_signing_keys`;
      await sql`alter table signing_keys drop column source`;
      await sql`alter table replicas drop column secret_key_id, drop column accepted_key_ids`;
      await sql`drop function tell_key_change cascade`;
      await apply((name) => name.startsWith("0034"));
      assert.equal(await bindsValues(sql), true);
    } finally {
      await database.close();
    }
  },
  "empty",
);
