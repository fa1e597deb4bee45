/** Invariant: an examination changes nothing, least of all the tables of an older version. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { adminDoctor } from "../../../server/cli/admin/doctor/doctor.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { migrations } from "../../../server/store/db/migrations.ts";
import { systemClock } from "../../../shared/clock.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { NO_TERMINAL } from "../../support/no_terminal.ts";
import { parseOutput } from "../../support/output_schema.ts";

testOnEachDatabase("admin doctor reports migrations and applies none", async (location) => {
  const { name } = migrations.at(-1)!;
  const database = await openDatabase(location);
  await database.sql`delete from schema_migrations where name = ${name}`;
  await database.close();

  const home = await Deno.makeTempDir();
  let output = "";
  const write = (text: string) => {
    output += text;
    return true;
  };
  try {
    const config = join(home, "server.toml");
    await Deno.writeTextFile(config, "", { mode: 0o600 });
    await adminDoctor({ json: true, config, ...location }, {
      ...{ stdout: write, stderr: write, readStdin: () => Promise.resolve("") },
      ...NO_TERMINAL,
      env: {},
      signal: new AbortController().signal,
      clock: systemClock,
      platform: { os: "linux", homedir: home },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
  const { findings } = parseOutput("admin-doctor", output);
  const finding = findings.find(({ check }: { check: string }) => check === "migrations");
  assert.equal(finding?.status, "warning", output);
  assert.match(finding.message, new RegExp(name));

  const after = await openDatabase(location);
  try {
    const rows = await after.sql`select 1 from schema_migrations where name = ${name}`;
    assert.equal(rows.length, 0);
  } finally {
    await after.close();
  }
});
