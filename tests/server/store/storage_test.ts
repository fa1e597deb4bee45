/** The database at startup: migrations, encryption at rest, and the lock of the folder. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createEncryption, EncryptionKeyError } from "../../../server/security/encryption.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { CONTROL_FILE, FolderLocked } from "../../../server/store/embedded/folder_lock.ts";
import { migrate, migrationStatus } from "../../../server/store/db/migrate.ts";
import { migrations } from "../../../server/store/db/migrations.ts";
import { loadServerSecrets } from "../../../server/store/server_secrets.ts";
import { SigningKeys } from "../../../server/tokens/signing_keys.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";

const KEY = "a".repeat(32);
const config = {
  signingAlgorithm: "ES256",
  resources: [],
  keyRotation: 86400,
  accessTokenLifetime: 900,
} as const;

testOnEachDatabase("applies migrations once, in order, and lists them", async (location) => {
  const database = await openDatabase(location);
  try {
    const pending = await migrationStatus(database.sql);
    assert.deepEqual(pending.map(({ appliedAt }) => appliedAt), migrations.map(() => undefined));
    const names = migrations.map(({ name }) => name);
    assert.deepEqual(await migrate(database.sql, manualClock()), names);
    assert.deepEqual(await migrate(database.sql, manualClock()), []);
    const status = await migrationStatus(database.sql);
    assert.ok(status.every(({ appliedAt }) => appliedAt !== undefined));
  } finally {
    await database.close();
  }
}, "empty");

for (const kind of databaseKinds.filter(({ name }) => name.startsWith("PostgreSQL"))) {
  Deno.test(`replicas that start at once migrate once and agree on keys (${kind.name})`, async () => {
    await using created = await kind.create("empty");
    const clock = manualClock();
    const replicas = await Promise.all(
      Array.from({ length: 5 }, () => openDatabase(created.location)),
    );
    try {
      const applied = await Promise.all(replicas.map(({ sql }) => migrate(sql, clock)));
      assert.equal(applied.flat().length, migrations.length);
      const secrets = await Promise.all(
        replicas.map(({ sql }) => loadServerSecrets(sql, createEncryption({ secretKey: KEY }))),
      );
      for (const replica of secrets) assert.deepEqual(replica, secrets[0]);
      const keys = replicas.map(({ sql }) =>
        new SigningKeys(sql, createEncryption({ secretKey: KEY }), clock, config)
      );
      await Promise.all(keys.map((replica) => replica.maintain()));
      const active = await Promise.all(keys.map((replica) => replica.active()));
      assert.equal(new Set(active.map(({ kid }) => kid)).size, 1);
      assert.equal((await keys[0].list()).length, 2);
    } finally {
      await Promise.all(replicas.map((replica) => replica.close()));
    }
  });
}

testOnEachDatabase("encrypts everything at rest with a secret key", async (location) => {
  const clock = manualClock();
  const database = await openDatabase(location);
  const { sql } = database;
  try {
    await migrate(sql, clock);
    // First without a key, as a start without settings does it.
    await new SigningKeys(sql, createEncryption({}), clock, config).maintain();
    const plain = await loadServerSecrets(sql, createEncryption({}));
    const stored = async () => {
      const keys = await sql`select private_key as value from signing_keys`;
      return [...keys, ...await sql`select value from server_secrets`]
        .map(({ value }) => new TextDecoder("latin1").decode(value)).join("\n");
    };
    assert.match(await stored(), /"kty":"EC"/);
    const asText = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
    assert.ok((await stored()).includes(asText(plain.formKey)));

    const keys = new SigningKeys(sql, createEncryption({ secretKey: KEY }), clock, config);
    await keys.maintain();
    assert.deepEqual(await loadServerSecrets(sql, createEncryption({ secretKey: KEY })), plain);
    assert.doesNotMatch(await stored(), /"kty"/);
    assert.ok(!(await stored()).includes(asText(plain.formKey)));
    assert.ok(await keys.active());

    for (const otherKey of [undefined, "b".repeat(32)]) {
      const locked = new SigningKeys(sql, createEncryption({ secretKey: otherKey }), clock, config);
      await assert.rejects(() => locked.verify(), EncryptionKeyError);
      await assert.rejects(
        () => loadServerSecrets(sql, createEncryption({ secretKey: otherKey })),
        EncryptionKeyError,
      );
    }
  } finally {
    await database.close();
  }
});

testOnEachDatabase(
  "an operator's command with other settings does not change the keys",
  async (location) => {
    const clock = manualClock();
    const database = await openDatabase(location);
    try {
      await migrate(database.sql, clock);
      const served = {
        ...config,
        signingAlgorithm: "EdDSA",
        accessTokenLifetime: 3600,
      } as const;
      const serving = new SigningKeys(database.sql, createEncryption({}), clock, served);
      await serving.maintain();
      const before = await serving.list();
      const operating = new SigningKeys(database.sql, createEncryption({}), clock, config);
      await operating.ensureInitialKeys();
      assert.deepEqual(await serving.list(), before);
      await operating.rotate(true);
      const after = await serving.list();
      assert.deepEqual(after.map(({ algorithm }) => algorithm), ["EdDSA", "EdDSA", "EdDSA"]);
      assert.ok(after.every(({ expiresAt }) => expiresAt === undefined));
      await serving.maintain();
      const retired = (await serving.list()).filter(({ expiresAt }) => expiresAt !== undefined);
      assert.equal(retired.length, 1);
      assert.ok(retired[0].expiresAt!.getTime() > clock.now() + 3_600_000);
    } finally {
      await database.close();
    }
  },
);

Deno.test("removes the control file of a killed server with the lock of its folder", async () => {
  await using created = await databaseKinds[0].create();
  const { dataDir } = created.location;
  const path = join(dataDir, CONTROL_FILE);
  await Deno.writeTextFile(path, JSON.stringify({ url: "http://127.0.0.1:1/", secret: "x" }));
  const database = await openDatabase(created.location);
  await database.close();
  await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
});

Deno.test("rejects a second server on a folder, and creates private folders", async () => {
  await using created = await databaseKinds[0].create();
  const { dataDir } = created.location;
  const first = await openDatabase(created.location);
  await assert.rejects(() => openDatabase(created.location), (error) => {
    assert.ok(error instanceof FolderLocked);
    assert.match(error.message, new RegExp(`process ${Deno.pid}`));
    return true;
  });
  const [{ fsync }] = await first.sql`show fsync`;
  assert.equal(fsync, "on");
  await first.close();
  if (Deno.build.os !== "windows") {
    const fresh = join(dataDir, "fresh");
    const second = await openDatabase({ dataDir: fresh });
    await second.close();
    assert.equal(Deno.statSync(fresh).mode! & 0o777, 0o700);
  }
  await (await openDatabase(created.location)).close();
});
