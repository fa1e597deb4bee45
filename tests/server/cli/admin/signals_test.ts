/** `admin signals`: what it prints and changes. */
import assert from "node:assert/strict";
import {
  adminSignalsShow,
  adminSignalsToken,
  adminSignalsUpdate,
} from "../../../../server/cli/admin/signals.ts";
import type { ServerIo } from "../../../../server/io.ts";
import { openDatabase } from "../../../../server/store/db/connect.ts";
import { findProviderSignals } from "../../../../server/store/provider_signals.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { assertGolden } from "../../../support/golden.ts";
import { manualClock } from "../../../support/manual_clock.ts";
import { NO_TERMINAL } from "../../../support/no_terminal.ts";
import { parseOutput } from "../../../support/output_schema.ts";

Deno.test("admin signals: shows and changes what a provider reports", async () => {
  await using database = await databaseKinds.at(-1)!.create();
  const folder = await Deno.makeTempDir();
  const config = `${folder}/server.toml`;
  await Deno.writeTextFile(config, 'issuer = "https://auth.example.com"\n', { mode: 0o600 });
  const options = { ...database.location, config };
  const opened = await openDatabase(database.location);
  await opened.sql`
    insert into identity_providers (
      name, template, issuer, client_id, client_secret, first_sign_in, created_at
    ) values ('okta', 'okta', 'https://acme.okta.com', 'client', 'x', 'allow', now())`;
  const run = async (action: (io: ServerIo) => Promise<number>) => {
    let [output, stdout] = ["", ""];
    const io: ServerIo = {
      ...NO_TERMINAL,
      stdout(text) {
        stdout += text;
        return Boolean(output += text);
      },
      stderr: (text) => void (output += text),
      readStdin: () => Promise.resolve(""),
      env: {},
      signal: new AbortController().signal,
      clock: manualClock(),
      platform: { os: "linux", homedir: folder },
    };
    const code = await action(io);
    return { output: `${output}exit code ${code}\n`, stdout };
  };
  const update = (more: Record<string, unknown>) => (io: ServerIo) =>
    adminSignalsUpdate("okta", { ...options, ...more }, io);
  const story: [command: string, action: (io: ServerIo) => Promise<number>][] = [
    ["admin signals show okta", (io) => adminSignalsShow("okta", options, io)],
    ["admin signals show other", (io) => adminSignalsShow("other", options, io)],
    ["admin signals update okta", update({})],
    ["admin signals update okta --events-issuer acme", update({ eventsIssuer: "acme" })],
    ["admin signals update okta --events-audience ''", update({ eventsAudience: "" })],
    [
      "admin signals update okta --logout-logins --no-disable-users --events-issuer … --events-audience …",
      update({
        logoutLogins: true,
        disableUsers: false,
        eventsIssuer: "https://events.acme.com",
        eventsAudience: "https://auth.example.com",
      }),
    ],
    [
      "admin signals update okta --clear events-issuer,events-audience",
      update({ clear: ["events-issuer", "events-audience"] }),
    ],
    ["admin signals token okta", (io) => adminSignalsToken("okta", options, io)],
    [
      "admin signals token okta --revoke",
      (io) => adminSignalsToken("okta", { ...options, revoke: true }, io),
    ],
    ["admin signals token other", (io) => adminSignalsToken("other", options, io)],
  ];
  const texts: string[] = [];
  for (const [command, action] of story) {
    const { output } = await run(action);
    const text = output.replace(/^Database: .*/m, "Database: …").replace(
      /^[\w-]{43}$/m,
      "TOKEN",
    );
    texts.push(`$ yourapp ${command}\n${text}`);
  }
  await assertGolden("cli/admin-signals.txt", texts.join("\n"));

  const { stdout: token } = await run((io) => adminSignalsToken("okta", options, io));
  const { eventsTokenHash } = await findProviderSignals(opened.sql, "okta");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token.trim()));
  assert.deepEqual(new Uint8Array(eventsTokenHash!), new Uint8Array(hash));
  const { stdout } = await run((io) => adminSignalsShow("okta", { ...options, json: true }, io));
  assert.equal(parseOutput("admin-signals-show", stdout).acceptsEvents, true);
  const events = await opened.sql`
    select details from audit_log where event = 'upstream.signals_changed' order by occurred_at, seq`;
  assert.equal(events.length, 5);
  await opened.close();
  await Deno.remove(folder, { recursive: true });
});
