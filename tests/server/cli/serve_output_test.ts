/** What `serve` writes from its start to its stop. */
import assert from "node:assert/strict";
import { serveOutput } from "../../../server/cli/serve_output.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import type { ServerIo } from "../../../server/io.ts";
import { assertGolden } from "../../support/golden.ts";

const SERVER = {
  issuer: "http://127.0.0.1:8787",
  address: { transport: "tcp" as const, hostname: "127.0.0.1", port: 8787 },
  storage: "embedded, in /data/database",
  migrated: [],
  setupUrl: "http://127.0.0.1:8787/setup?token=SECRET",
  stop: () => Promise.resolve(),
};

interface Written {
  stdout: string;
  stderr: string;
}

function written(
  log: Partial<ServerConfig["log"]>,
  stderrIsLive: boolean,
  isNewDatabase: boolean,
  columns = 70,
): Written {
  const text = { stdout: "", stderr: "" };
  const io = {
    stdout: (more: string) => Boolean(text.stdout += more),
    stderr: (more: string) => void (text.stderr += more),
    ...{ stderrIsLive, stderrColumns: () => columns },
    clock: { now: () => 0 },
  } as unknown as ServerIo;
  const config = { log: { format: "text", level: "info", access: false, ...log } } as const;
  const output = serveOutput(
    { config, configFile: { description: "/etc/yourapp/config.toml" } },
    io,
  );
  output.starting();
  if (isNewDatabase) {
    for (const fraction of [0, 0.375, 1]) {
      output.onProgress({ stage: "creating_database", fraction });
    }
  }
  const migrated = ["0001_initial", "0002_federation", "0003_more", "0004_again"];
  for (const name of migrated) output.onProgress({ stage: "migrating", name, isNewDatabase });
  output.messages("info").stderr("Still preparing to serve…\n");
  const setupUrl = isNewDatabase ? SERVER.setupUrl : undefined;
  output.started({ ...SERVER, migrated: isNewDatabase ? migrated : migrated.slice(3), setupUrl });
  output.log("warn", "mail_failed", { reason: "no answer" });
  output.stopping();
  output.stopped();
  return text;
}

function section(title: string, { stdout, stderr }: Written): string {
  const visible = stderr.replaceAll("\r", "<start of line>").replaceAll("\x1b[K", "<erase>\n");
  return `==== ${title}\n---- standard error\n${visible}---- standard output\n${stdout}\n`;
}

Deno.test("what serve writes from its start to its stop", async () => {
  await assertGolden(
    "cli/serve-output.txt",
    section("first start, on a terminal", written({}, true, true)) +
      section("first start, on a terminal of 40 columns", written({}, true, true, 40)) +
      section("first start", written({}, false, true)) +
      section("an update, on a terminal", written({}, true, false)) +
      section("first start, as JSON", written({ format: "json" }, false, true)),
  );
});

Deno.test("the log as JSON has no other lines, and no setup link", () => {
  const { stdout, stderr } = written({ format: "json" }, true, true);
  assert.equal(stdout, "");
  for (const line of stderr.trim().split("\n")) {
    assert.equal(typeof JSON.parse(line).event, "string");
  }
  assert.doesNotMatch(stderr, /SECRET/);
});
