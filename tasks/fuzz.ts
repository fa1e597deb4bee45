// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task fuzz [--requests N] [--seed N] [--database embedded|postgres] [--keep-going]`: changed
 * requests to every endpoint. Prints what they did and how memory developed; exits with 1 after a
 * fault.
 */
import { parseArgs } from "node:util";
import { databaseKinds } from "../tests/support/databases.ts";
import { configureForFuzzing, fuzzApp, type FuzzSample } from "../tests/support/fuzz/fuzz_app.ts";
import { testServer } from "../tests/support/test_server.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string" },
    database: { type: "string", default: "postgres" },
    "keep-going": { type: "boolean", default: false },
  },
});
const requests = Number(values.requests);
const seed = Number(values.seed ?? crypto.getRandomValues(new Int32Array(1))[0]);
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
const known = new Set<string>();
const result = await fuzzApp(server, {
  requests,
  seed,
  onProgress(sample) {
    if (sample.requests < next) return;
    next = sample.requests + requests / 40;
    print(sample);
  },
  ...values["keep-going"] && {
    onFault(fault: string) {
      const [first] = fault.split("\n");
      if (known.has(first)) return;
      known.add(first);
      console.log(`FAULT ${fault}`);
    },
  },
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
if (result.faults.length > 0) Deno.exitCode = 1;
