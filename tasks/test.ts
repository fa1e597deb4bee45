// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task test [FILE…]`: all checks and tests, on a machine that has only Node and npm. Installs
 * what is missing, checks the sources, compiles the program, runs the tests on the sources and
 * against the program, and counts. With files given, runs only those, without the checks.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import postgres from "postgres";
import { BINARY_VARIABLE } from "../tests/support/binary.ts";
import {
  type PostgresServer,
  postgresUrlVariable,
  postgresVersions,
  startPostgres,
} from "../tests/support/postgres.ts";
import { compileForTests } from "../tests/support/compile_for_tests.ts";
import { EMBEDDED_TEMPLATES_VARIABLE } from "../tests/support/embedded_template.ts";
import { keepStatements } from "../tests/support/statement_plans.ts";
import { standInVersion } from "../tests/support/stand_in_runtime.ts";
import { brand } from "../shared/brand.ts";
import { pinnedDeno } from "./pinned_deno.ts";
import { provideSystemPackages, TEST_NEEDS } from "./system_packages.ts";
import { listFailures, listSkipped, readTestReport, type TestReport } from "./test_report.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/** The tests on the sources may connect only to this machine. */
const SOURCE_PERMISSIONS = [
  "--allow-net=127.0.0.1,localhost,[::1]",
  ...["--allow-read", "--allow-write", "--allow-env", "--allow-run", "--allow-sys", "--allow-ffi"],
];

/**
 * Tests on the sources that need the permissions of the tests against the program: to listen on
 * Unix sockets, which a permission can only name one by one, to read /proc, as what starts a browser
 * does, or to trust further certificate authorities.
 */
const PRIVILEGED_TESTS = [
  "tests/client/auth/token_socket_test.ts",
  "tests/client/commands/exchange_test.ts",
  "tests/server/http/port_holder_test.ts",
  "tests/server/notifications/mail_certificate_test.ts",
  "tests/tasks/site_test.ts",
];

/** The program has all rights anyway, and what watches it reads /proc, which needs them all. */
const PROGRAM_PERMISSIONS = ["--allow-all"];

/** Tests against the program that measure time, flood it or trace it: with others beside them they may fail. */
const SERIAL_TESTS = [
  "tests/e2e/chaos_test.ts",
  "tests/e2e/check_cli_test.ts",
  "tests/e2e/device_poll_test.ts",
  "tests/e2e/flood_test.ts",
  "tests/e2e/import_test.ts",
  "tests/e2e/keycloak_test.ts",
  "tests/e2e/lost_answer_test.ts",
  "tests/e2e/runtime_limits_test.ts",
  "tests/e2e/sign_in_flood_test.ts",
];

/** Plans are those of this version, which explains statements without values, from a package with what records them. */
const RECORDED_VERSION = Deno.build.os === "linux" ? "18" : undefined;

/** Until then, the server must not have to forget statements: some thousands are new in a minute. */
const KEEP_INTERVAL_MS = 20_000;

/** Test files that run side by side. One more than there are cores: tests also wait, for disks and clocks. */
const JOBS = navigator.hardwareConcurrency + 1;

/** A test that hangs must not block the run indefinitely: longest run of `deno test`, in ms. */
const TIMEOUT_MS = 45 * 60_000;

const STAND_IN_NOTE = "Deno's download host cannot be reached: compiled with a stand-in runtime " +
  `(Deno ${standInVersion}, from npm), which is only for tests.`;

const LOCK = ["--lock=deno.lock", "--frozen"];

const CHECKS: readonly { name: string; args: string[] }[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  {
    name: "types",
    args: ["check", "--quiet", ...LOCK, "main.ts", "server", "client", "shared", "tests", "tasks"],
  },
  { name: "imports", args: ["run", "--allow-read=.", "tasks/lint_imports.ts"] },
  { name: "prose", args: ["run", ...LOCK, "--allow-read=.", "tasks/lint_prose.ts"] },
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

interface TestRun {
  /** Of the report in dist/. */
  name: string;
  permissions: string[];
  paths: string[];
  /** One file at a time, for tests that need the machine to themselves. */
  serial?: boolean;
}

async function runTests(
  { name, permissions, paths, serial = false }: TestRun,
  env: Record<string, string>,
): Promise<TestReport> {
  const path = join(dist, `${name}-tests.xml`);
  await Deno.remove(path).catch(() => {});
  const { success, output } = await deno([
    ...["test", ...LOCK, "--no-check", "--no-prompt", ...permissions],
    ...serial ? [] : ["--parallel"],
    ...[`--junit-path=${path}`, ...paths],
  ], { ...env, DENO_JOBS: String(JOBS) });
  const report = readTestReport(await Deno.readTextFile(path).catch(() => ""), output);
  // A run that was killed leaves no report, and what it has not run has not passed.
  if (!success && report.failures.length === 0) {
    report.failures.push({ name: `${name} tests`, error: output.slice(-2000) });
  }
  return report;
}

/** Keeps the statements that tests run, for tests/plans, until `signal` is aborted. */
async function recordStatements(url: string, signal: AbortSignal): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    while (!signal.aborted) {
      await keepStatements(sql).catch((error) => console.log(`Recording statements: ${error}`));
      await delay(KEEP_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await sql.end();
  }
}

async function main(files: string[]): Promise<number> {
  const total: TestReport = { passed: 0, skipped: [], failures: [] };
  const heading = (text: string) => console.log(`\n== ${text}`);
  const servers: PostgresServer[] = [];
  const stop = new AbortController();
  let recording: Promise<void> | undefined;
  const templates = await Deno.makeTempDir({ prefix: "embedded-templates-" });
  const cleanUp = async () => {
    await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()));
    await Deno.remove(templates, { recursive: true }).catch(() => {});
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => cleanUp().finally(() => Deno.exit(130)));
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
      const statistics = files.length === 0 && version === RECORDED_VERSION;
      const server = await startPostgres(version, { statistics });
      servers.push(server);
      if (statistics) {
        recording = recordStatements(server.url, stop.signal);
      }
      env[postgresUrlVariable(version)] = server.url;
    }
    await Deno.mkdir(dist, { recursive: true });
    env[EMBEDDED_TEMPLATES_VARIABLE] = templates;
    // Meanwhile the checks and the tests on the sources run.
    const compiling = compileForTests({ outputFolder: dist }).catch((error: Error) => error);
    if (files.length === 0) {
      for (const { name, args } of CHECKS) {
        heading(`Check: ${name}`);
        const { success, output } = await deno(args, env);
        if (!success) total.failures.push({ name: `Check: ${name}`, error: output });
      }
    }
    const run = async (title: string, tests: TestRun) => {
      heading(title);
      const report = await runTests(tests, env);
      total.passed += report.passed;
      total.skipped.push(...report.skipped);
      total.failures.push(...report.failures);
    };
    if (files.length === 0) {
      await run("Tests on the sources", {
        name: "source",
        permissions: SOURCE_PERMISSIONS,
        paths: [`--ignore=${["tests/e2e", "tests/plans", ...PRIVILEGED_TESTS].join(",")}`, "tests"],
      });
      await run("Tests on the sources with all permissions", {
        name: "privileged",
        permissions: PROGRAM_PERMISSIONS,
        paths: PRIVILEGED_TESTS,
      });
    }
    heading("Compile");
    const compiled = await compiling;
    if (compiled instanceof Error) throw compiled;
    if (compiled.runtime) console.log(STAND_IN_NOTE);
    env[BINARY_VARIABLE] = compiled.path;
    const permissions = PROGRAM_PERMISSIONS;
    if (files.length > 0) {
      await run("Tests", { name: "program", permissions, paths: files, serial: true });
    } else {
      await run("Tests against the program", {
        name: "program",
        permissions,
        paths: [`--ignore=${SERIAL_TESTS.join(",")}`, "tests/e2e"],
      });
      await run("Tests against the program, one file at a time", {
        name: "serial",
        permissions,
        paths: SERIAL_TESTS,
        serial: true,
      });
      if (recording !== undefined) {
        stop.abort();
        await recording;
        await run("Plans of the statements that ran", {
          name: "plans",
          permissions: SOURCE_PERMISSIONS,
          paths: ["tests/plans"],
        });
      }
    }
  } catch (error) {
    // What could not be run has not passed.
    total.failures.push({ name: "The test run", error: String(error) });
  } finally {
    stop.abort();
    await recording;
    await cleanUp();
  }
  const { passed, skipped, failures } = total;
  if (skipped.length > 0) {
    heading("Not run on this machine");
    console.log(listSkipped(skipped));
  }
  if (failures.length > 0) {
    heading("Failures");
    console.log(listFailures(failures));
  }
  const others = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  console.log(`\n${passed} passed, ${failures.length} failed${others}`);
  return failures.length > 0 || passed === 0 ? 1 : 0;
}

Deno.exit(await main(Deno.args));
