/** The checks of `admin doctor` and of the page Health, each with a server that has the fault. */
import assert from "node:assert/strict";
import { examineServer } from "../../../server/admin/doctor/examine.ts";
import { diskFinding } from "../../../server/admin/doctor/database.ts";
import { settingFindings } from "../../../server/admin/doctor/settings.ts";
import { certificateFinding } from "../../../server/admin/doctor/public_address.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import { UntrustedForwarders } from "../../../server/http/untrusted_forwarders.ts";
import { createEncryption, type EncryptionKeys } from "../../../server/security/encryption.ts";
import { SEALED_COLUMNS, type SealedColumn } from "../../../server/security/sealed_columns.ts";
import { recordAuditEvent } from "../../../server/store/audit_events.ts";
import { addStream } from "../../../server/store/audit_log/streams.ts";
import { listForbiddenTables } from "../../../server/store/database_facts.ts";
import { recordHeartbeat } from "../../../server/store/replicas.ts";
import { systemClock } from "../../../shared/clock.ts";
import { databaseKinds, testOnEachDatabase } from "../../support/databases.ts";
import { testServer } from "../../support/test_server.ts";

testOnEachDatabase("finds faults of the database, replicas and keys", async (location) => {
  await using server = await testServer(location);
  const { parts, clock } = server;
  const examine = async () => {
    const areas = await examineServer(parts, { brief: true });
    return new Map(areas.flatMap(({ findings }) => findings).map((f) => [f.check, f.status]));
  };
  const replica = (id: string, version: string, untrustedForwarders: string[] = []) =>
    recordHeartbeat(parts.sql, {
      ...{ id, name: id.slice(0, 4), host: "a", pid: 1, version, untrustedForwarders },
    });
  await replica("00000000-0000-4000-8000-000000000001", "0.1.0");
  const first = await examine();
  for (
    const check of [
      ...["database_version", "database_writes", "migrations", "replicas", "proxies"],
      ...["housekeeping", "signing_keys", "audit_log", "expiring"],
    ]
  ) assert.equal(first.get(check), "ok", check);

  await replica("00000000-0000-4000-8000-000000000002", "0.2.0", ["192.0.2.1"]);
  await parts.sql`insert into schema_migrations (name, applied_at) values ('9999_newer', now())`;
  await parts.sql`
    insert into housekeeping (task, started_at, finished_at, error)
    values ('delete_old_sessions', now(), now(), 'disk full')`;
  const second = await examine();
  assert.equal(second.get("replicas"), "warning");
  assert.equal(second.get("proxies"), "warning");
  assert.equal(second.get("migrations"), "warning");
  assert.equal(second.get("housekeeping"), "problem");

  await parts.sql`delete from schema_migrations where name in ('9999_newer', '0001_initial')`;
  await parts.sql`update replicas set last_seen_at = now() - interval '1 hour'`;
  clock.advance({ days: 100 });
  const third = await examine();
  assert.equal(third.get("migrations"), "warning");
  assert.equal(third.get("replicas"), "warning");
  assert.equal(third.get("lost_replicas"), "warning");
  assert.equal(third.get("signing_keys"), "problem");
  assert.equal(third.get("clock"), "problem");

  await parts.sql`alter table housekeeping rename to housekeeping_elsewhere`;
  assert.equal((await examine()).get("replicas"), "problem");
});

testOnEachDatabase("finds targets that receive no audit events", async (location) => {
  await using server = await testServer(location);
  const { sql, clock } = server.parts;
  const names = ["https://a.example", "https://b.example", "https://c.example"];
  server.parts.config.auditStream = [...names, "https://d.example/path"].join();
  for (const name of names) await addStream(sql, name, { seq: "0", gaps: [] });
  await sql`update audit_streams set failing_since = now(), error = 'it is down'
    where target = 'https://a.example'`;
  server.clock.set(Date.now() - 3_600_000);
  await recordAuditEvent(sql, clock, { event: "a.b" });
  await sql`update audit_streams set cursor = '{"seq":"1000","gaps":[]}'
    where target = 'https://c.example'`;
  const areas = await examineServer(server.parts, { brief: true });
  const findings = areas.flatMap((area) => area.findings)
    .filter(({ check }) => check === "audit_stream");
  assert.deepEqual(findings.map(({ status }) => status), ["problem", "problem", "ok", "warning"]);
});

testOnEachDatabase("says which keys are kept beside secret_key", async (location) => {
  await using server = await testServer(location);
  const { parts } = server;
  const [a, b, c] = ["a", "b", "c"].map((letter) => letter.repeat(32));
  const examine = async (brief: boolean, keys: EncryptionKeys) => {
    const encryption = createEncryption(keys);
    const areas = await examineServer({ ...parts, encryption }, { brief });
    const { findings } = areas.find(({ title }) => title === "Keys")!;
    return findings.flatMap(({ check, status }) => check.includes("secret") ? [status] : []);
  };
  for (const brief of [true, false]) {
    // Nothing is encrypted yet.
    assert.deepEqual(await examine(brief, {}), ["warning"]);
    assert.deepEqual(await examine(brief, { previousSecretKeys: [a] }), ["warning", "warning"]);
    const keys = { secretKey: a, previousSecretKeys: [b] };
    assert.deepEqual(await examine(brief, keys), ["warning", "ok"]);
  }
  const encryption = createEncryption({ secretKey: a });
  for (const { table, column, row } of SEALED_COLUMNS) {
    for (
      const { id, value } of await parts.sql`
      select ${parts.sql(row)} as id, ${parts.sql(column)} as value from ${parts.sql(table)}`
    ) {
      const place = { column: `${table}.${column}` as SealedColumn, row: id };
      const encrypted = encryption.encrypt(parts.encryption.decrypt(value, place), place);
      await parts.sql`update ${parts.sql(table)} set ${parts.sql(column)} = ${encrypted}
        where ${parts.sql(row)} = ${id}`;
    }
  }
  assert.deepEqual(await examine(false, { secretKey: a }), ["ok"]);
  const kept = { secretKey: a, previousSecretKeys: [b, c] };
  assert.deepEqual(await examine(false, kept), ["ok", "warning"]);
  assert.deepEqual(await examine(false, { secretKey: b, previousSecretKeys: [a] }), [
    "warning",
    "ok",
  ]);
  // Of a long table, a page reads a part, which does not show whether a key is used.
  await parts.sql`
    insert into server_secrets (name, value)
    select 'a' || n, (select value from server_secrets where name = 'form_key')
    from generate_series(1, 5000) n`;
  assert.deepEqual(await examine(true, kept), ["ok", "ok"]);
  assert.deepEqual(await examine(false, kept), ["ok", "warning"]);
});

Deno.test("finds tables that the user of the server may not change", async () => {
  await using database = await databaseKinds.at(-1)!.create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const role = `doctor_${crypto.randomUUID().slice(0, 8)}`;
  await sql.unsafe(`create role ${role}`);
  try {
    await sql.unsafe(`grant select on all tables in schema public to ${role}`);
    const forbidden = await sql.begin(async (tx) => {
      await tx.unsafe(`set local role ${role}`);
      return await listForbiddenTables(tx);
    }) as string[];
    assert.ok(forbidden.includes("users") && forbidden.includes("audit_log"));
    assert.deepEqual(await listForbiddenTables(sql), []);
  } finally {
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  }
});

Deno.test("finds a certificate that a server would not start with, or that expires", async () => {
  const folder = "tests/support/certificate";
  const examine = async (certFile: string, keyFile = `${folder}/key.pem`) => {
    const findings = await settingFindings({
      config: { tls: { certFile, keyFile } } as ServerConfig,
      configFile: { path: undefined, namedBy: "default", description: "none" } as never,
      problems: [],
      warnings: [],
      notes: [],
    }, systemClock);
    return findings.map(({ check, status }) => [check, status]);
  };
  assert.deepEqual(await examine(`${folder}/none.pem`), [["tls_cert", "problem"]]);
  assert.deepEqual(await examine(`${folder}/README.md`), [["tls_cert", "problem"]]);
  assert.deepEqual(await examine(`${folder}/valid.pem`, `${folder}/README.md`), [
    ["tls_key", "problem"],
  ]);
  assert.deepEqual(await examine(`${folder}/expired.pem`), [["tls_cert", "warning"]]);
  assert.deepEqual(await examine(`${folder}/valid.pem`), [["settings", "ok"]]);
});

Deno.test("a disk is a warning before it is full, then a problem", () => {
  const statusAt = (freeBytes: number, totalBytes: number) =>
    diskFinding({ freeBytes, totalBytes }, "/data")?.status;
  assert.equal(statusAt(50e9, 2000e9), undefined, "a small share of a large disk");
  assert.equal(statusAt(0.9e9, 1e9), undefined, "a small disk");
  assert.equal(statusAt(0.9e9, 100e9), "warning");
  assert.equal(statusAt(0.05e9, 100e9), "problem");
});

Deno.test("a certificate is a warning two weeks before it expires, then a problem", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const statusIn = (days: number) =>
    certificateFinding(new Date(now + days * 86_400_000), now).status;
  assert.deepEqual([-1, 0, 13, 14].map(statusIn), ["problem", "warning", "warning", "ok"]);
});

Deno.test("remembers few peers that forward without being trusted", () => {
  const forwarders = new UntrustedForwarders();
  const forwarded = new Headers({ "x-forwarded-for": "203.0.113.1" });
  forwarders.observe("192.0.2.1", new Headers());
  for (let n = 2; n < 2000; n++) forwarders.observe(`192.0.2.${n}`, forwarded);
  const listed = forwarders.list();
  assert.equal(listed.length, 10);
  assert.ok(!listed.includes("192.0.2.1"));
});
