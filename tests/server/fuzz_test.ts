/**
 * Invariant: no request makes the server fail, hang or grow. The seed is fixed, so that a run can be
 * repeated; `deno task fuzz` sends more requests, with other seeds.
 */
import assert from "node:assert/strict";
import { databaseKinds } from "../support/databases.ts";
import { configureForFuzzing, fuzzApp } from "../support/fuzz/fuzz_app.ts";
import { testServer } from "../support/test_server.ts";

const REQUESTS = 5000;
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 13);

Deno.test(`answers changed requests to every endpoint (seed ${SEED})`, async () => {
  await using created = await databaseKinds.at(-1)!.create();
  await using server = await testServer(created.location, configureForFuzzing);
  const { requests, endpoints, samples } = await fuzzApp(server, {
    requests: REQUESTS,
    seed: SEED,
  });
  assert.ok(requests > 0.9 * REQUESTS, `${requests} requests`);
  const names = Object.keys(endpoints);
  assert.ok(names.length > 300, `${names.length} endpoints`);
  const succeeded = names.filter((name) => endpoints[name].succeeded > 0).length;
  assert.ok(succeeded > 200, `${succeeded} endpoints that succeeded`);
  // The first rounds compile code and fill caches.
  const [warm, last] = [samples.at(Math.ceil(samples.length / 2))!, samples.at(-1)!];
  assert.ok(last.heap < warm.heap + 20, `heap: ${JSON.stringify(samples)}`);
  assert.ok(last.openFiles < warm.openFiles + 20, `files: ${JSON.stringify(samples)}`);
  // All that requests have left behind expires.
  assert.ok(last.rows <= samples[0].rows, `rows: ${JSON.stringify(samples)}`);
});
