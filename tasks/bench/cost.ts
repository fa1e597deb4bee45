// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * Processor time of a token check, beside a bare `Deno.serve` that gives the same answer with the
 * same headers, and one that gives an empty answer. It depends less than rates on what else runs.
 */
import { startPostgres } from "../../tests/support/postgres.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { fileURLToPath } from "node:url";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";
import { AUTHENTICATED } from "./contender.ts";
import { type Load, requestsPerSecond } from "./load.ts";
import { processorSeconds } from "./process_figures.ts";
import { startProductContender } from "./product/product.ts";
import { type Program, startProgram } from "./program.ts";
import { median } from "./statistics.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Check {
  name: string;
  path: string;
  load: Omit<Load, "url">;
  /** Of the processor time of the same bare answer. */
  atMost: number;
}

export interface CostRow {
  check: string;
  /** Microseconds of processor time for a request. */
  own: number;
  sameAnswer: number;
  empty: number;
  /** Medians of the rounds' ratios. */
  ofSameAnswer: number;
  ofEmpty: number;
  atMost: number;
}

export async function benchCost(
  { seconds, rounds }: { seconds: number; rounds: number },
): Promise<CostRow[]> {
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url } = cleanUp.use(await startPostgres("18"));
  const product = await startProductContender(url, folder);
  cleanUp.defer(() => product.stop());
  const keep = async (starting: Promise<Program>) => {
    const program = await starting;
    cleanUp.defer(() => program.stop());
    return program;
  };
  const checks: Check[] = [
    {
      name: "verify",
      path: "/auth/verify",
      load: { headers: { authorization: `Bearer ${product.token}` } },
      atMost: 1.4,
    },
    {
      name: "introspection",
      path: "/oauth/introspect",
      load: { method: "POST", headers: AUTHENTICATED, body: `token=${product.token}` },
      atMost: 1.5,
    },
  ];
  const empty = await keep(startAnswering(folder, "empty", { headers: [], body: null }));
  const rows: CostRow[] = [];
  for (const { name, path, load, atMost } of checks) {
    const at = ({ port }: Program): Load => ({
      ...load,
      url: `http://127.0.0.1:${port}${path}`,
    });
    const same = await keep(
      startAnswering(folder, name, await answerOf(at(product.program))),
    );
    const programs = { own: product.program, sameAnswer: same, empty };
    const microseconds = { own: [], sameAnswer: [], empty: [] } as Record<string, number[]>;
    for (let round = -1; round < rounds; round++) {
      for (const [key, program] of Object.entries(programs)) {
        const before = processorSeconds(program.pid);
        const perSecond = await requestsPerSecond(at(program), seconds);
        const used = processorSeconds(program.pid) - before;
        if (round >= 0) microseconds[key].push(used * 1e6 / (perSecond * seconds));
      }
    }
    const of = (key: string) => median(microseconds[key]);
    const ratio = (to: string) =>
      median(microseconds.own.map((value, round) => value / microseconds[to][round]));
    rows.push({
      check: name,
      own: of("own"),
      sameAnswer: of("sameAnswer"),
      empty: of("empty"),
      ofSameAnswer: ratio("sameAnswer"),
      ofEmpty: ratio("empty"),
      atMost,
    });
  }
  print(rows);
  return rows;
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
  const line = (cells: string[]) =>
    console.log(cells.map((cell, i) => i === 0 ? cell.padEnd(16) : cell.padStart(14)).join(""));
  console.log("\nProcessor time for a request, µs");
  line(["check", "ours", "same answer", "empty answer", "of the same", "of empty", "goal"]);
  for (const { check, own, sameAnswer, empty, ofSameAnswer, ofEmpty, atMost } of rows) {
    const times = [own, sameAnswer, empty].map((value) => value.toFixed(1));
    line([check, ...times, ofSameAnswer.toFixed(2), ofEmpty.toFixed(2), `≤ ${atMost}`]);
  }
}
