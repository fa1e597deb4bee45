// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task fuzz [--requests N] [--seed N] [--database embedded|postgres] [--keep-going]`: changed
 * requests to every endpoint. Prints what they did and how memory developed; exits with 1 after a
 * fault. `deno task fuzz sockets [--requests N] [--seed N] [--keep-going]`: over connections to the
 * compiled program (run `deno task test tests/e2e/raw_requests_test.ts` first), in every framing.
 */
import { parseArgs } from "node:util";
import { databaseKinds } from "../tests/support/databases.ts";
import { configureForFuzzing, fuzzApp, type FuzzSample } from "../tests/support/fuzz/fuzz_app.ts";
import { fuzzSockets } from "../tests/support/fuzz/fuzz_sockets.ts";
import { testServer } from "../tests/support/test_server.ts";

const { values, positionals: [what] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string" },
    database: { type: "string", default: "postgres" },
    "keep-going": { type: "boolean", default: false },
  },
});
const requests = Number(values.requests);
const seed = Number(values.seed ?? crypto.getRandomValues(new Int32Array(1))[0]);
const known = new Set<string>();
/** Reports each kind of fault once, and goes on. */
const onFault = !values["keep-going"] ? undefined : (fault: string) => {
  const [first] = fault.split("\n");
  if (known.has(first)) return;
  known.add(first);
  console.log(`FAULT ${fault}`);
};

async function overSockets(): Promise<number> {
  console.log(`${requests} requests over sockets, --seed ${seed}`);
  let next = 0;
  const result = await fuzzSockets({
    requests,
    seed,
    onFault,
    onProgress({ requests: sent, seconds, rss, openSockets }) {
      if (sent < next) return;
      next = sent + requests / 40;
      console.log(`${sent} requests, ${seconds} s, rss ${rss} MB, ${openSockets} sockets`);
    },
  });
  console.log("connections:", result.kinds, "statuses:", result.statuses);
  console.log(`${result.requests} requests, ${result.faults.length} faults`);
  return result.faults.length;
}

async function inProcess(): Promise<number> {
  const kind = values.database === "embedded" ? databaseKinds[0] : databaseKinds.at(-1)!;

  console.log(`${requests} requests, ${kind.name}, --seed ${seed}`);
  await using created = await kind.create();
  await using server = await testServer(created.location, configureForFuzzing);
  let next = 0;
  const print = ({ requests, seconds, heap, rss, openFiles, rows }: FuzzSample) =>
    console.log(
      `${requests} requests, ${seconds} s, heap ${heap} MB, rss ${rss} MB, ` +
        `${openFiles} files, ${rows} rows`,
    );
  const result = await fuzzApp(server, {
    requests,
    seed,
    onProgress(sample) {
      if (sample.requests < next) return;
      next = sample.requests + requests / 40;
      print(sample);
    },
    onFault,
  });
  print(result.samples.at(-1)!);
  console.log("statuses:", result.statuses);
  const endpoints = Object.entries(result.endpoints);
  const untouched = endpoints.filter(([, { succeeded }]) => succeeded === 0).map(([name]) => name);
  console.log(
    `${endpoints.length} endpoints, ${untouched.length} without a success: ${untouched.join(", ")}`,
  );
  console.log(
    `slowest response ${Math.round(result.slowestMs)} ms, ${result.faults.length} faults`,
  );
  return result.faults.length;
}

const faults = what === "sockets" ? await overSockets() : await inProcess();
if (faults > 0) Deno.exitCode = 1;
