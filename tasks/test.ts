// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * `deno task test [FILE…]`: everything that must hold, from a machine with Node
 * and npm alone. Brings what is missing, checks the sources, compiles the program,
 * runs the tests on the sources and against the program, and counts. With files
 * named, runs those alone and checks no sources.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { BINARY_VARIABLE } from "../tests/support/binary.ts";
import {
  type PostgresServer,
  postgresUrlVariable,
  postgresVersions,
  startPostgres,
} from "../tests/support/postgres.ts";
import { compileForTests } from "../tests/support/compile_for_tests.ts";
import { standInVersion } from "../tests/support/stand_in_runtime.ts";
import { brand } from "../shared/brand.ts";
import { pinnedDeno } from "./pinned_deno.ts";
import { provideSystemPackages, TEST_NEEDS } from "./system_packages.ts";
import { listFailures, readTestReport, type TestReport } from "./test_report.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/** The tests on the sources may use this machine, and no other. */
const SOURCE_PERMISSIONS = [
  "--allow-net=127.0.0.1,localhost,[::1]",
  ...["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys", "--allow-ffi"],
];

/**
 * Tests on the sources that listen on Unix sockets, which a permission can only name one by
 * one: they run with those of the tests against the program.
 */
const SOCKET_TESTS = [
  "tests/client/auth/token_socket_test.ts",
  "tests/client/commands/exchange_test.ts",
];

/** The program has all rights anyway, and what watches it reads /proc, which needs them all. */
const PROGRAM_PERMISSIONS = ["--allow-all"];

/** A test that hangs must not block the run indefinitely: longest run of `deno test`, in ms. */
const TIMEOUT_MS = 30 * 60_000;

const LOCK = ["--lock=deno.lock", "--frozen"];

const CHECKS: readonly { name: string; args: string[] }[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  {
    name: "types",
    args: ["check", "--quiet", ...LOCK, "main.ts", "server", "client", "shared", "tests", "tasks"],
  },
  { name: "imports", args: ["run", "--allow-read=.", "tasks/lint_imports.ts"] },
];

interface DenoRun {
  success: boolean;
  /** Standard output and error as they came, without colours. */
  output: string;
}

/** Runs Deno in the repository, its output on the screen. */
async function deno(args: string[], env: Record<string, string>): Promise<DenoRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const copy = async (from: ReadableStream<Uint8Array>, to: typeof Deno.stdout) => {
    const decoder = new TextDecoder();
    for await (const bytes of from) {
      output += decoder.decode(bytes, { stream: true });
      for (let written = 0; written < bytes.length;) {
        written += await to.write(bytes.subarray(written));
      }
    }
  };
  const timer = setTimeout(() => {
    console.log(`deno ${args[0]} took longer than ${TIMEOUT_MS / 60_000} minutes: killed`);
    child.kill("SIGKILL");
  }, TIMEOUT_MS);
  const [{ success }] = await Promise.all([
    child.status,
    copy(child.stdout, Deno.stdout),
    copy(child.stderr, Deno.stderr),
  ]);
  clearTimeout(timer);
  return { success, output: stripVTControlCharacters(output) };
}

/** The environment without what would steer the product or the tests from outside. */
function ownEnvironment(): Record<string, string> {
  const foreign = new RegExp(`^(${brand.envPrefix}_|DATABASE_URL$|BROWSER$|XDG_)`);
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !foreign.test(name)),
  );
}

async function runTests(
  name: string,
  permissions: string[],
  paths: string[],
  env: Record<string, string>,
): Promise<TestReport> {
  const path = join(dist, `${name}-tests.xml`);
  await Deno.remove(path).catch(() => {});
  const { success, output } = await deno([
    ...["test", ...LOCK, "--no-check", "--no-prompt", ...permissions],
    ...[`--junit-path=${path}`, ...paths],
  ], env);
  const report = readTestReport(await Deno.readTextFile(path).catch(() => ""), output);
  // A run that was killed leaves no report, and what it has not run has not passed.
  if (!success && report.failures.length === 0) {
    report.failures.push({ name: `${name} tests`, error: output.slice(-2000) });
  }
  return report;
}

async function main(files: string[]): Promise<number> {
  const total: TestReport = { passed: 0, skipped: 0, failures: [] };
  const heading = (text: string) => console.log(`\n== ${text}`);
  const servers: PostgresServer[] = [];
  const stopServers = () =>
    Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => stopServers().finally(() => Deno.exit(130)));
  }
  try {
    const pinned = await pinnedDeno();
    if (Deno.version.deno !== pinned) {
      console.log(`This is Deno ${Deno.version.deno}; the product is built with ${pinned}.`);
    }
    const env: Record<string, string> = { ...ownEnvironment(), DENO_NO_UPDATE_CHECK: "1" };
    heading("What the tests need");
    await provideSystemPackages(TEST_NEEDS, (line) => console.log(line));
    for (const version of postgresVersions()) {
      const server = await startPostgres(version);
      servers.push(server);
      env[postgresUrlVariable(version)] = server.url;
    }
    if (files.length === 0) {
      for (const { name, args } of CHECKS) {
        heading(`Check: ${name}`);
        const { success, output } = await deno(args, env);
        if (!success) total.failures.push({ name: `Check: ${name}`, error: output });
      }
    }
    const run = async (title: string, name: string, permissions: string[], paths: string[]) => {
      heading(title);
      const report = await runTests(name, permissions, paths, env);
      total.passed += report.passed;
      total.skipped += report.skipped;
      total.failures.push(...report.failures);
    };
    await Deno.mkdir(dist, { recursive: true });
    if (files.length === 0) {
      const paths = [`--ignore=${["tests/e2e", ...SOCKET_TESTS].join(",")}`, "tests"];
      await run("Tests on the sources", "source", SOURCE_PERMISSIONS, paths);
      await run("Tests with Unix sockets", "socket", PROGRAM_PERMISSIONS, SOCKET_TESTS);
    }
    heading("Compile");
    env[BINARY_VARIABLE] = await compileAndSay();
    const paths = files.length === 0 ? ["tests/e2e"] : files;
    await run("Tests against the program", "program", PROGRAM_PERMISSIONS, paths);
  } catch (error) {
    // What could not be run has not passed.
    total.failures.push({ name: "The test run", error: String(error) });
  } finally {
    await stopServers();
  }
  const { passed, failures } = total;
  if (failures.length > 0) {
    heading("Failures");
    console.log(listFailures(failures));
  }
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${passed} passed, ${failures.length} failed${skipped}`);
  return failures.length > 0 || passed === 0 ? 1 : 0;
}

async function compileAndSay(): Promise<string> {
  const compiled = await compileForTests({ outputFolder: dist });
  if (compiled.standIn) {
    console.log(
      `Deno's download host is out of reach: compiled with a stand-in runtime (Deno ` +
        `${standInVersion}, from npm), which is for tests alone.`,
    );
  }
  return compiled.path;
}

Deno.exit(await main(Deno.args));
