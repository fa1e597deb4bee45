/** The events of the server itself. */
import assert from "node:assert/strict";
import {
  describeSettings,
  recordServerStart,
  recordServerStop,
} from "../../server/audit/server_events.ts";
import { settings } from "../../server/config/schema.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { testServer } from "../support/test_server.ts";

testOnEachDatabase(
  "records starts, stops and changed settings, without secrets",
  async (location) => {
    await using server = await testServer(location);
    const { parts } = server;
    const start = (isFirst = true) =>
      recordServerStart(parts, { version: "1", address: "127.0.0.1:1", isFirst });
    const since = async () =>
      (await parts.sql`select event, details from audit_log where event like 's%' order by seq`)
        .map(({ event, details }) => [event, details.changed]);
    await start();
    await start();
    await start(false);
    assert.deepEqual(await since(), [
      ["server.started", undefined],
      ["settings.changed", ""],
      ["server.started", undefined],
      ["server.started", undefined],
    ]);
    parts.config.auditRetention = 86_400;
    parts.config.secretKey = "never-to-be-shown".padEnd(32, "x");
    parts.config.auditStream = "file:/a, https://siem.example/never-to-be-shown, otlp:https://b/";
    parts.config.databaseUrl = "postgres://user:never-to-be-shown@db.example/auth?password=hidden";
    await start();
    parts.config.secretKey = "never-to-be-shown".padEnd(32, "y");
    await start();
    await recordServerStop(parts);
    const events = await since();
    assert.deepEqual(events.slice(4), [
      ["server.started", undefined],
      ["settings.changed", "audit_retention audit_stream database_url secret_key"],
      ["server.started", undefined],
      ["settings.changed", "secret_key"],
      ["server.stopped", undefined],
    ]);
    const text = JSON.stringify(await parts.sql`select * from audit_log`);
    for (const secret of ["never-to-be-shown", "hidden"]) assert.ok(!text.includes(secret));
    assert.match(text, /127\.0\.0\.1|hostname/);
    const described = describeSettings(parts.config, parts.secrets.auditKey);
    const known = new Set<string>(settings.map(({ name }) => name));
    for (const name of Object.keys(described)) assert.ok(known.has(name), name);
    assert.ok(Object.keys(described).length > 30, Object.keys(described).join(" "));
  },
);
