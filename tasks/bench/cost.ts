// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * Processor time of a token check, in user and system mode and of all threads, beside a bare
 * `Deno.serve` that reads the same credentials and gives the same answer with the same headers, and
 * one that gives an empty answer. It depends less than rates on what else runs, but not little:
 * programs that share the caches of a processor slow each other down. So the programs take short
 * turns, in another order in each round, and only the ratios within a round count.
 */
import { fileURLToPath } from "node:url";
import { freePort } from "../../tests/support/free_port.ts";
import { startPostgres } from "../../tests/support/postgres.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import { AUTHENTICATED } from "./contender.ts";
import { type Load, runLoad } from "./load.ts";
import { processorSeconds } from "./process_figures.ts";
import { startProduct, startProductContender } from "./product/product.ts";
import { type Program, startProgram } from "./program.ts";
import { median } from "./statistics.ts";
import { textTable } from "./text_table.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Until the functions that handle the requests are optimized. */
const WARM_UP_SECONDS = 4;

interface Check {
  name: string;
  path: string;
  load: Omit<Load, "url">;
  /** Of the processor time of the same bare answer. */
  atMost: number;
}

/** Of the rounds. */
interface Spread {
  median: number;
  least: number;
  most: number;
}

export interface CostRow {
  check: string;
  program: "default settings" | "behind a proxy" | "same answer" | "empty answer";
  /** Microseconds of processor time for a request. */
  microseconds: Spread;
  ofSameAnswer: Spread;
  ofEmptyAnswer: Spread;
  /** The goal for `ofSameAnswer`. */
  atMost?: number;
}

type ProgramName = CostRow["program"];

export async function benchCost(
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<CostRow[]> {
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanUp.use(await startPostgres("18"));
  // It trusts 127.0.0.1 as a proxy.
  const proxied = await startProductContender(url, folder);
  cleanUp.defer(() => proxied.stop());
  const keep = async (starting: Promise<Program>) => {
    const program = await starting;
    cleanUp.defer(() => program.stop());
    return program;
  };
  const direct = await keep(startProduct(url));
  const empty = await keep(startAnswering(folder, "empty", { headers: [], body: null }));
  const rows: CostRow[] = [];
  for (const check of checksOf(proxied.token)) {
    const answer = await answerOf(loadOf(check, direct));
    const programs: Record<ProgramName, Program> = {
      "default settings": direct,
      "behind a proxy": proxied.program,
      "same answer": await keep(startAnswering(folder, check.name, answer)),
      "empty answer": empty,
    };
    rows.push(...await measure(check, programs, { seconds, rounds }));
  }
  print(rows);
  return rows;
}

function checksOf(token: string): Check[] {
  return [
    {
      name: "verify",
      path: "/auth/verify",
      load: { headers: { authorization: `Bearer ${token}` } },
      atMost: 1.4,
    },
    {
      name: "introspection",
      path: "/oauth/introspect",
      load: { method: "POST", headers: AUTHENTICATED, body: `token=${token}` },
      atMost: 1.5,
    },
  ];
}

/** All programs get the same requests, as a proxy sends them. */
function loadOf({ path, load }: Check, { port }: Program): Load {
  return {
    ...load,
    headers: { ...load.headers, "x-forwarded-for": "203.0.113.7" },
    url: `http://127.0.0.1:${port}${path}`,
  };
}

async function measure(
  check: Check,
  programs: Readonly<Record<ProgramName, Program>>,
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<CostRow[]> {
  const names = Object.keys(programs) as ProgramName[];
  const used = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (const name of names) await runLoad(loadOf(check, programs[name]), WARM_UP_SECONDS);
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const { pid } = programs[name];
      const before = processorSeconds(pid);
      const { requests, failed } = await runLoad(loadOf(check, programs[name]), seconds);
      if (failed > 0) throw new Error(`${check.name} of ${name}: ${failed} requests failed`);
      used[name].push((processorSeconds(pid) - before) * 1e6 / requests);
    }
  }
  const ratios = (name: ProgramName, to: ProgramName) =>
    spreadOf(used[name].map((value, round) => value / used[to][round]));
  return names.map((name) => ({
    check: check.name,
    program: name,
    microseconds: spreadOf(used[name]),
    ofSameAnswer: ratios(name, "same answer"),
    ofEmptyAnswer: ratios(name, "empty answer"),
    ...(name === "default settings" || name === "behind a proxy") && { atMost: check.atMost },
  }));
}

function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

interface Answer {
  headers: [string, string][];
  body: string | null;
}

async function answerOf({ url, method, headers, body }: Load): Promise<Answer> {
  const response = await fetch(url, { method, headers, body });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const text = await response.text();
  // Deno.serve adds these itself.
  const own = ["date", "content-length", "vary"];
  return {
    headers: [...response.headers].filter(([name]) => !own.includes(name)),
    body: text === "" ? null : text,
  };
}

async function startAnswering(folder: string, name: string, answer: Answer): Promise<Program> {
  const port = freePort();
  const file = `${folder}/${name}.json`;
  await Deno.writeTextFile(file, JSON.stringify(answer));
  return await startProgram(Deno.execPath(), {
    args: [
      ...["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all"],
      ...["tasks/bench/baseline_server.ts", "answer", String(port), file],
    ],
    cwd: root,
    port,
    ready: /ready/,
  });
}

function print(rows: readonly CostRow[]): void {
  const text = ({ median, least, most }: Spread, digits: number) =>
    `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
  console.log(
    `\nProcessor time for a request, median and range of the rounds; Deno ${Deno.version.deno}`,
  );
  console.log(textTable([
    ["check", "program", "µs", "of same answer", "of empty answer", "goal"],
    ...rows.map(({ check, program, microseconds, ofSameAnswer, ofEmptyAnswer, atMost }) => [
      ...[check, program, text(microseconds, 1), text(ofSameAnswer, 2), text(ofEmptyAnswer, 2)],
      atMost === undefined ? "" : `≤ ${atMost}`,
    ]),
  ], 2));
}
