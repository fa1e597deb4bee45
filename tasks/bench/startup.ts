// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * What starting the program costs, beside a hello world that is compiled with the same runtime.
 * Whole processes in pairs: each round runs all programs in another order, and a ratio is the
 * median over the rounds. Processor time is steadier than wall time where other work runs.
 */
import { join } from "node:path";
import { openLoginStore, saveLogin } from "../../client/auth/login_store.ts";
import { brand } from "../../shared/brand.ts";
import { compileForTests } from "../../tests/support/compile_for_tests.ts";
import { memoryIo } from "../../tests/support/fake_client_io.ts";
import { secretService } from "../../tests/support/secret_service.ts";
import { temporaryHome } from "../../tests/support/temporary_home.ts";
import { bundleScript } from "../bundle.ts";
import { type CompileRuntime, compileScript } from "../compile.ts";
import { provideSystemPackages, STARTUP_NEEDS } from "../system_packages.ts";
import { type Measurement, ProcessMeter, type ProcessRun } from "./process_meter.ts";
import { median, shuffled } from "./statistics.ts";

const BASE = "hello world";

interface Goal {
  program: string;
  of: "wallMs" | "cpuMs" | "peakMb";
  atMost: number;
}

const TOKEN_PROGRAMS = ["token, environment", "token, file", "token, keychain"];

const GOALS: readonly Goal[] = [
  ...(["wallMs", "cpuMs"] as const).flatMap((of) => [
    { program: "--version", of, atMost: 1.25 },
    ...TOKEN_PROGRAMS.map((program) => ({ program, of, atMost: 1.4 })),
  ]),
  ...TOKEN_PROGRAMS.map((program) => ({ program, of: "peakMb" as const, atMost: 60 })),
];

type Results = ReadonlyMap<string, Measurement[]>;

/** Prints the table, and returns whether every goal is met. */
export async function benchStartup({ rounds }: { rounds: number }): Promise<boolean> {
  await provideSystemPackages(STARTUP_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-startup-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const programs = await compilePrograms(folder, cleanUp);
  const meter = cleanUp.use(new ProcessMeter());
  const results: Results = new Map(Object.keys(programs).map((name) => [name, []]));
  // The first run of each reads its file from the disk.
  for (const run of Object.values(programs)) await meter.measure(run);
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of shuffled(Object.entries(programs))) {
      results.get(name)!.push(await meter.measure(run));
    }
  }
  printTable(results);
  console.log("\nGoals");
  return GOALS.map((goal) => isMet(results, goal)).every((met) => met);
}

async function compilePrograms(
  folder: string,
  cleanUp: AsyncDisposableStack,
): Promise<Record<string, ProcessRun>> {
  const product = await compileForTests({ outputFolder: join(folder, "product") });
  const { runtime } = product;
  const hello = (megabytes: number) => compileHello(folder, megabytes, runtime);
  const home = cleanUp.use(await temporaryHome());
  const session = cleanUp.use(await secretService());
  await storeLogin(home.env, "file");
  await storeLogin(session.env, "keychain");
  const run = (command: string | string[], env = home.env): ProcessRun => ({
    command: [command].flat(),
    env: { PATH: Deno.env.get("PATH") ?? "", ...env },
  });
  const environmentToken = { ...home.env, [`${brand.envPrefix}_TOKEN`]: "a-token" };
  return {
    [BASE]: run(await hello(0)),
    "hello world with 1 MB embedded": run(await hello(1)),
    "hello world with 10 MB embedded": run(await hello(10)),
    "hello world with 30 MB embedded": run(await hello(30)),
    "stub that imports the rest on demand": run([await compileStub(folder, runtime), "--version"]),
    "commander with one command": run([await compileCommander(folder, runtime), "token"]),
    "all commands, without the database": run([
      await compileWithoutDatabase(product.bundle.main, folder, runtime),
      "--help",
    ]),
    "--version": run([product.path, "--version"]),
    "--help": run([product.path, "--help"]),
    "token, environment": run([product.path, "token"], environmentToken),
    "token, file": run([product.path, "token"]),
    "token, keychain": run([product.path, "token"], session.env),
  };
}

async function compileHello(
  folder: string,
  megabytes: number,
  runtime?: CompileRuntime,
): Promise<string> {
  const name = `hello${megabytes}`;
  const data = join(folder, `${name}.data`);
  await Deno.writeFile(data, randomBytes(megabytes));
  const main = await writeScript(folder, name, `console.log("hello");`);
  const include = megabytes === 0 ? [] : [data];
  return await compileScript({ main, include, output: join(folder, name), runtime });
}

async function compileStub(folder: string, runtime?: CompileRuntime): Promise<string> {
  const rest = await writeScript(folder, "rest", `console.log("hello");`);
  const main = await writeScript(
    folder,
    "stub",
    `if (Deno.args[0] === "--version") console.log("1.0.0"); else await import("./rest.js");`,
  );
  return await compileScript({ main, include: [rest], output: join(folder, "stub"), runtime });
}

async function compileCommander(folder: string, runtime?: CompileRuntime): Promise<string> {
  const main = await bundleScript(
    `import { Command } from "commander";
    const program = new Command("commander");
    program.command("token").option("--json").action(() => console.log("hello"));
    program.parse(Deno.args, { from: "user" });`,
    join(folder, "commander-bundle"),
  );
  return await compileScript({ main, include: [], output: join(folder, "commander"), runtime });
}

async function compileWithoutDatabase(
  main: string,
  folder: string,
  runtime?: CompileRuntime,
): Promise<string> {
  const output = join(folder, "without-database");
  return await compileScript({ main, include: [], output, runtime });
}

async function writeScript(folder: string, name: string, code: string): Promise<string> {
  const path = join(folder, `${name}.js`);
  await Deno.writeTextFile(path, code);
  return path;
}

/** Random, as compressed files look. */
function randomBytes(megabytes: number): Uint8Array {
  const bytes = new Uint8Array(megabytes * 1_000_000);
  const LONGEST_CALL = 65_536;
  for (let offset = 0; offset < bytes.length; offset += LONGEST_CALL) {
    crypto.getRandomValues(bytes.subarray(offset, offset + LONGEST_CALL));
  }
  return bytes;
}

/** A login whose access token is valid for a day, so that `token` asks no server. */
async function storeLogin(env: Record<string, string>, kind: "file" | "keychain"): Promise<void> {
  const homeFolder = env.HOME;
  const { arch, os } = Deno.build;
  const io = memoryIo({ env, platform: { os, arch, release: "", homeFolder, programPath: "" } });
  const loginStore = await openLoginStore(kind === "file", io);
  if (loginStore.store.kind !== kind) throw new Error(`no ${kind}: ${io.err}`);
  const key = { server: "https://auth.example.com", account: "alice@example.com" };
  const accessTokenLifetime = 24 * 3_600_000;
  const credentials = {
    // A token of the usual length; the client does not read it.
    accessToken: `header.${"p".repeat(700)}.signature`,
    accessTokenExpiresAt: Date.now() + accessTokenLifetime,
    accessTokenLifetime,
    refreshToken: "a-refresh-token",
    scope: "openid",
  };
  await saveLogin(key, { subject: "subject" }, credentials, loginStore, io);
}

function ratioOf(results: Results, program: string, of: "wallMs" | "cpuMs"): number {
  const base = results.get(BASE)!;
  return median(results.get(program)!.map((run, round) => run[of] / base[round][of]));
}

function printTable(results: Results): void {
  const rows = [...results].map(([name, runs]) => [
    name,
    ratioOf(results, name, "wallMs").toFixed(2),
    ratioOf(results, name, "cpuMs").toFixed(2),
    median(runs.map(({ wallMs }) => wallMs)).toFixed(1),
    median(runs.map(({ cpuMs }) => cpuMs)).toFixed(1),
    median(runs.map(({ peakMb }) => peakMb)).toFixed(1),
  ]);
  console.log(
    [["program", "wall", "CPU", "wall ms", "CPU ms", "peak MB"], ...rows]
      .map(([program, ...figures]) =>
        program.padEnd(40) + figures.map((figure) => figure.padStart(10)).join("")
      ).join("\n"),
  );
}

function isMet(results: Results, { program, of, atMost }: Goal): boolean {
  const value = of === "peakMb"
    ? median(results.get(program)!.map(({ peakMb }) => peakMb))
    : ratioOf(results, program, of);
  const met = value <= atMost;
  const [what, digits] = of === "peakMb"
    ? ["peak MB", 1]
    : [`${of === "wallMs" ? "wall" : "CPU"} of ${BASE}`, 2];
  const result = met ? "met    " : "NOT MET";
  console.log(`  ${result} ${program}, ${what}: ${value.toFixed(Number(digits))} (≤ ${atMost})`);
  return met;
}
