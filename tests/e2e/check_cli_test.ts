/** `check-cli` passes our own command line, and finds the mistakes of others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { shellWord } from "../../shared/shell_word.ts";
import type { CaseName } from "../../server/check_cli/case.ts";
import { type CheckOptions, runCases } from "../../server/check_cli/check.ts";
import { startFaultProxy } from "../../server/check_cli/fault_proxy.ts";
import type { FindingCode } from "../../server/check_cli/finding.ts";
import { startOwnServer } from "../../server/check_cli/own_server.ts";
import { processIo } from "../../server/process_io.ts";
import { binaryPath, run, start } from "../support/binary.ts";
import { copyEmbeddedDatabase } from "../support/embedded_template.ts";
import { eventually } from "../support/eventually.ts";
import { parseOutput } from "../support/output_schema.ts";

const SAMPLE = fileURLToPath(new URL("../support/sample_cli.ts", import.meta.url));
const LIFETIME_S = 2;

/** The temporary folders of checks that are running or have left something behind. */
async function leftovers(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

Deno.test("our own command line keeps its login", async (t) => {
  const folder = await Deno.makeTempDir();
  const env = { TMPDIR: folder, HOME: folder };
  const token = ["--", binaryPath(), "token"];

  await t.step("with many at once, lost responses and kill -9", async () => {
    const login = `${shellWord(binaryPath())} login --web --insecure-storage`;
    const args = ["--login", login, "--runs", "40", "--parallel", "20", "--seed", "1", "--json"];
    const only = ["parallel", "lost_response", "full_disk", "kill"];
    const { code, stdout, stderr } = await run(
      ["check-cli", ...args, ...only.flatMap((name) => ["--only", name]), ...token],
      { env, timeoutMs: 300_000 },
    );
    assert.equal(code, EXIT.ok, stdout + stderr);
    const report = parseOutput("check-cli", stdout);
    assert.equal(report.passed, true);
    assert.deepEqual(report.cases.map(({ name }: { name: string }) => name), only);
    for (const { runs, refreshes } of report.cases) assert.ok(runs === 40 && refreshes > 0, stdout);
    assert.deepEqual(await leftovers(folder), []);
  });

  await t.step("and an interrupted check leaves nothing behind", async () => {
    await using running = start(["check-cli", "--only", "parallel", ...token], { env });
    await eventually("the command has logged in", async () => {
      for (const name of await leftovers(folder)) {
        const homes = await Array.fromAsync(Deno.readDir(join(folder, name))).catch(() => []);
        if (homes.some(({ name }) => name.startsWith("home-"))) return true;
      }
    });
    running.kill("SIGINT");
    assert.equal((await running.ended).code, EXIT.interrupted);
    assert.deepEqual(await leftovers(folder), []);
  });

  await t.step("nor does one that is interrupted while its server starts", async () => {
    await using running = start(["check-cli", "--only", "parallel", ...token], { env });
    await eventually("the server creates its database", async () => {
      for (const name of await leftovers(folder)) {
        const files = join(folder, name, "server", "database.new", "base", "4");
        if ((await Array.fromAsync(Deno.readDir(files)).catch(() => [])).length > 0) return true;
      }
    });
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    assert.deepEqual([code, stderr], [EXIT.interrupted, ""]);
    assert.deepEqual(await leftovers(folder), []);
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a command without a known login command needs --login", async () => {
  const { code, stderr } = await run(["check-cli", "--", "acme", "token"]);
  assert.equal(code, EXIT.usage);
  assert.match(stderr, /--login/);
});

Deno.test("check-cli finds the mistakes of command lines", async (t) => {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const io = processIo({
    stdout: () => true,
    stderr() {},
    env: { PATH: Deno.env.get("PATH")! },
    homeFolder: folder,
    signal: new AbortController().signal,
  });
  const dataDir = join(folder, "server");
  await copyEmbeddedDatabase("migrated", dataDir);
  const proxy = cleanUp.use(startFaultProxy());
  const clientId = "sample-cli";
  const server = cleanUp.use(
    await startOwnServer(
      { origin: proxy.origin, dataDir, lifetime: LIFETIME_S, scopes: [], clientId },
      io,
    ),
  );
  proxy.upstreamPort = server.port;

  const find = async (kind: string, test: CaseName, change: Partial<CheckOptions> = {}) => {
    await using cleanUp = new AsyncDisposableStack();
    const command = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", SAMPLE, kind];
    const options: CheckOptions = {
      ...{ command: [...command, "token"], login: [...command, "login"], env: {}, clientId },
      ...{ scopes: [], runs: 10, parallel: 8, only: [test], seed: 1 },
      ...{ lifetime: LIFETIME_S, limitMs: 60_000, ...change },
    };
    const progress = { preparing() {}, running() {}, finished() {} };
    const [result] = await runCases(options, { folder, proxy, server, cleanUp }, io, progress);
    return result;
  };

  const expected: [string, CaseName, FindingCode, Partial<CheckOptions>?][] = [
    ["no_lock", "parallel", "logged_out", { runs: 400 }],
    ["truncates", "kill", "logged_out", { runs: 400 }],
    ["hangs", "server_error", "hung", { limitMs: 5000 }],
    ["trusts_exp", "clock_behind", "invalid_token"],
    ["prints", "server_error", "secret_in_output"],
    ["argument", "clock_ahead", "secret_in_arguments"],
    ["writes_0644", "clock_ahead", "readable_file"],
  ];
  for (const [kind, test, code, options] of expected) {
    await t.step(`${kind}: ${code}`, async () => {
      const { result, findings } = await find(kind, test, options);
      const codes = findings.map(({ code }) => code);
      assert.equal(result, "failed");
      assert.ok(codes.includes(code), JSON.stringify(findings));
      const { message } = findings.find((finding) => finding.code === code)!;
      assert.ok(!message.includes(brand.tokenPrefixes.refreshToken), message);
    });
  }

  await t.step("nothing is wrong with a good one", async () => {
    for (const test of ["parallel", "kill"] as const) {
      assert.deepEqual((await find("good", test, { runs: 20 })).findings, []);
    }
  });
});
