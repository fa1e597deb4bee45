/** Backups of each kind of database, and what is restored from them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createBackup } from "../../../server/backup/create_backup.ts";
import type { DumpSource } from "../../../server/backup/dump_database.ts";
import { BackupError, type BackupErrorCode } from "../../../server/backup/backup_error.ts";
import { type BackupHeader, writeBackup } from "../../../server/backup/format.ts";
import { restoreBackup } from "../../../server/backup/restore_backup.ts";
import { verifyBackup } from "../../../server/backup/verify_backup.ts";
import { createEncryption } from "../../../server/security/encryption.ts";
import { openDatabase, type Sql } from "../../../server/store/db/connect.ts";
import { migrations } from "../../../server/store/db/migrations.ts";
import { loadServerSecrets } from "../../../server/store/server_secrets.ts";
import { migrate } from "../../../server/store/db/migrate.ts";
import { systemClock } from "../../../shared/clock.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { copyEmbeddedFolder } from "../../support/embedded_template.ts";
import { seedDump } from "../../support/seed_dump.ts";

const signal = new AbortController().signal;
const onProgress = () => {};
const PASSPHRASE = "correct horse battery staple";
const noKey = createEncryption({});

function backup(sql: Sql, path: string, options: Partial<Parameters<typeof createBackup>[2]> = {}) {
  const source: DumpSource = { sql, kind: "test", createdAt: new Date() };
  return createBackup(source, path, {
    ...{ encryption: {}, overwrite: false, onProgress, signal, ...options },
  });
}

function restore(
  path: string,
  dataDir: string,
  options: Partial<Parameters<typeof restoreBackup>[1]> = {},
) {
  return restoreBackup(path, {
    ...{ dataDir, signal, onProgress, clock: systemClock, encryption: noKey, keys: {} },
    // To create one with initdb takes seconds.
    create: (folder) => copyEmbeddedFolder("empty", folder),
    ...{ replace: false, prepare: () => Promise.resolve(), ...options },
  });
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "backup-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function rejectsWith(code: BackupErrorCode, act: () => Promise<unknown>): Promise<string> {
  let message = "";
  await assert.rejects(act, (error) => {
    assert.ok(error instanceof BackupError, String(error));
    assert.equal(error.code, code, error.message);
    message = error.message;
    return true;
  });
  return message;
}

testOnEachDatabase("a backup restores every table as it was", async (location) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { sql, close } = await openDatabase(location);
  let users: number;
  let created;
  try {
    users = await seedDump(sql);
    created = await backup(sql, file);
    // restoreBackup compares the checksums of all tables with those of this database.
    assert.equal((await verifyBackup(file, {})).tables.length, created.header.tables.length);
    await rejectsWith("exists", () => backup(sql, file));
  } finally {
    await close();
  }
  assert.equal(created.checked, "content");
  if (Deno.build.os !== "windows") assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);

  const dataDir = join(folder.path, "data");
  const restored = await restore(file, dataDir);
  assert.deepEqual(restored.migrated, []);
  assert.equal(restored.keptAs, undefined);
  const copy = await openDatabase({ dataDir });
  try {
    const [{ count }] = await copy.sql`select count(*)::int as count from users`;
    assert.equal(count, users);
    // Triggers run again, constraints are back, and the sequence continues.
    await assert.rejects(copy.sql`
      insert into group_memberships (user_id, source, name)
      values (gen_random_uuid(), 'local', 'ops')`);
    await copy.sql`delete from group_memberships`;
    const [{ groups }] = await copy
      .sql`select groups from users where email = 'user-0@example.test'`;
    assert.deepEqual(groups, []);
    await assert.rejects(copy.sql`truncate audit_log_20250602`, /append-only/);
    await assert.rejects(copy.sql`delete from audit_log`, /append-only/);
    const [{ id }] = await copy.sql`
      insert into trust_requests
        (workload_hash, provider, issuer, audience, claims, address, count, first_seen_at, last_seen_at)
      values ('\\xff', 'github', 'https://issuer.test', 'a', '{}', '::1', 1, now(), now())
      returning id`;
    assert.equal(Number(id), 4);
  } finally {
    await copy.close();
  }

  if (location.databaseUrl !== undefined) return;
  await rejectsWith("not_empty", () => restore(file, dataDir));
  const replaced = await restore(file, dataDir, { replace: true });
  assert.ok((await Deno.stat(join(dataDir, replaced.keptAs!, "PG_VERSION"))).isFile);
});

const [embedded] = databaseKinds;

Deno.test("a backup of an older version is migrated, one of a newer version is rejected", async () => {
  await using folder = await temporaryFolder();
  await using created = await embedded.create("empty");
  const { sql, close } = await openDatabase(created.location);
  const [old, newer] = [join(folder.path, "old"), join(folder.path, "newer")];
  try {
    const only = migrations.slice(0, 12).map(({ name }) => name);
    await migrate(sql, systemClock, { only });
    await sql`
      insert into users (id, email, name, created_at)
      values (gen_random_uuid(), 'a@example.test', 'A', now())`;
    await backup(sql, old);
    await sql`insert into schema_migrations (name, applied_at) values ('9999_later', now())`;
    await backup(sql, newer);
  } finally {
    await close();
  }
  const dataDir = join(folder.path, "data");
  const { migrated } = await restore(old, dataDir);
  assert.deepEqual(migrated, migrations.slice(12).map(({ name }) => name));
  const copy = await openDatabase({ dataDir });
  try {
    const [{ subject, id }] = await copy.sql`select id::text, subject from users`;
    assert.equal(subject, id);
  } finally {
    await copy.close();
  }
  const other = join(folder.path, "other");
  await rejectsWith("newer", () => restore(newer, other));
  await assert.rejects(Deno.stat(other), Deno.errors.NotFound);
});

Deno.test("a backup with encrypted secrets is rejected with another secret_key", async () => {
  await using folder = await temporaryFolder();
  await using created = await embedded.create();
  const key = createEncryption({ secretKey: "k".repeat(43) });
  const file = join(folder.path, "backup");
  const { sql, close } = await openDatabase(created.location);
  try {
    await loadServerSecrets(sql, key);
    await backup(sql, file);
  } finally {
    await close();
  }
  const dataDir = join(folder.path, "data");
  for (const encryption of [noKey, createEncryption({ secretKey: "x".repeat(43) })]) {
    await rejectsWith("wrong_secret_key", () => restore(file, dataDir, { encryption }));
  }
  await assert.rejects(Deno.stat(dataDir), Deno.errors.NotFound);
  await restore(file, dataDir, { encryption: key });
});

Deno.test("an encrypted backup is read with its passphrase or private key only", async () => {
  await using folder = await temporaryFolder();
  await using created = await embedded.create();
  const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const [withPassphrase, withKey] = [join(folder.path, "a"), join(folder.path, "b")];
  const { sql, close } = await openDatabase(created.location);
  try {
    await seedDump(sql);
    await backup(sql, withPassphrase, { encryption: { passphrase: PASSPHRASE } });
    const { checked } = await backup(sql, withKey, { encryption: { recipients } });
    assert.equal(checked, "bytes");
  } finally {
    await close();
  }
  for (const file of [withPassphrase, withKey]) {
    assert.ok(!(await Deno.readTextFile(file)).includes("users"));
    await rejectsWith("encrypted", () => verifyBackup(file, {}));
  }
  await rejectsWith("wrong_key", () => verifyBackup(withPassphrase, { passphrase: "another" }));
  const other = await generateX25519Identity();
  await rejectsWith("wrong_key", () => verifyBackup(withKey, { identities: [other] }));
  await verifyBackup(withPassphrase, { passphrase: PASSPHRASE });
  await verifyBackup(withKey, { identities: [other, identity] });

  const bytes = await Deno.readFile(withKey);
  await Deno.writeFile(withKey, bytes.subarray(0, bytes.length - 100));
  await rejectsWith("damaged", () => verifyBackup(withKey, { identities: [identity] }));
});

/** A small backup, without a database. */
async function sampleBackup(): Promise<{ bytes: Uint8Array<ArrayBuffer>; header: BackupHeader }> {
  await using created = await embedded.create();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { sql, close } = await openDatabase(created.location);
  try {
    await seedDump(sql);
    const { header } = await backup(sql, file);
    return { header, bytes: await Deno.readFile(file) };
  } finally {
    await close();
  }
}

Deno.test("a damaged backup is rejected by the name of the table", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { bytes, header } = await sampleBackup();
  const text = new TextDecoder("latin1").decode(bytes);
  const names = header.tables.filter(({ rows }) => rows > 0).map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    const start = text.indexOf(`{"table":"${name}","rows"`);
    const next = names[index + 1];
    const end = next === undefined ? text.indexOf('{"end"') : text.indexOf(`{"table":"${next}"`);
    for (const at of [start + 2, start + 12, Math.floor((start + end) / 2), end - 1]) {
      const flipped = bytes.slice();
      flipped[at] ^= 1;
      await Deno.writeFile(file, flipped);
      assert.match(
        await rejectsWith("damaged", () => verifyBackup(file, {})),
        new RegExp(`table ${name}\\b`),
      );
      await Deno.writeFile(file, bytes.subarray(0, at));
      assert.match(
        await rejectsWith("damaged", () => verifyBackup(file, {})),
        new RegExp(`table ${name}\\b`),
      );
    }
  }
});

Deno.test("every flipped bit and every cut is found", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { bytes } = await sampleBackup();
  const step = Math.ceil(bytes.length / 200);
  for (let at = 0; at < bytes.length; at += step) {
    const flipped = bytes.slice();
    flipped[at] ^= 1 << (at % 8);
    await Deno.writeFile(file, flipped);
    await assert.rejects(verifyBackup(file, {}), BackupError, `bit at ${at}`);
    await Deno.writeFile(file, bytes.subarray(0, at));
    await assert.rejects(verifyBackup(file, {}), BackupError, `cut at ${at}`);
  }
  await Deno.writeFile(file, new Uint8Array([...bytes, 10]));
  await rejectsWith("damaged", () => verifyBackup(file, {}));
});

Deno.test("a damaged backup leaves the present database in its place", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { bytes } = await sampleBackup();
  await Deno.writeFile(file, bytes.subarray(0, bytes.length - 2));
  await using created = await embedded.create();
  const { dataDir } = created.location;
  await rejectsWith("damaged", () => restore(file, dataDir, { replace: true }));
  const left = Array.from(Deno.readDirSync(dataDir), ({ name }) => name).sort();
  assert.deepEqual(left, ["database", "lock", "lock-holder"]);
});

Deno.test("a file that is not a backup is rejected", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "other");
  for (const content of ["", "PGDMP", "x".repeat(100_000)]) {
    await Deno.writeTextFile(file, content);
    await rejectsWith("not_a_backup", () => verifyBackup(file, {}));
  }
  await rejectsWith("file", () => verifyBackup(join(folder.path, "missing"), {}));
});

Deno.test("a backup whose header would reach the terminal or the clock is rejected", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { header } = await sampleBackup();
  const forgeries = [
    { version: "1\x1b[2J" },
    { createdAt: "now" },
    { tables: [{ ...header.tables[0], name: "\x1b]0;x\x07" }] },
    { tables: [{ ...header.tables[0], columns: [1] }] },
  ];
  for (const forged of forgeries) {
    const bytes: Uint8Array[] = [];
    const content = { ...header, ...forged } as typeof header;
    for await (const chunk of writeBackup(content, (async function* () {})())) bytes.push(chunk);
    await Deno.writeFile(file, new Uint8Array(await new Blob(bytes as BlobPart[]).arrayBuffer()));
    await rejectsWith("damaged", () => verifyBackup(file, {}));
  }
});

Deno.test("a partition with SQL in its bound is rejected", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "backup");
  const { header } = await sampleBackup();
  const bound = "FOR VALUES FROM ('a') TO ('b'); drop table users";
  const forged = { ...header, tables: [], partitions: [{ name: "p", parent: "users", bound }] };
  using target = await Deno.open(file, { write: true, create: true });
  for await (const chunk of writeBackup(forged, (async function* () {})())) {
    await target.write(chunk);
  }
  await rejectsWith("different", () => restore(file, join(folder.path, "data")));
});
