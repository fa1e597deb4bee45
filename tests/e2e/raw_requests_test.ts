/**
 * Invariant: whatever arrives on a connection, the compiled program neither fails nor hangs nor
 * grows. `deno task fuzz sockets` sends more, with other seeds.
 */
import assert from "node:assert/strict";
import { fuzzSockets } from "../support/fuzz/fuzz_sockets.ts";

const REQUESTS = 1200;
/** Of each server; most of it is there to be used again. */
const MAX_MEMORY_MB = 800;
const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 13);

Deno.test({
  name: `answers or closes whatever a connection sends (seed ${SEED})`,
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { statuses, kinds, samples } = await fuzzSockets({ requests: REQUESTS, seed: SEED });
    for (const kind of ["valid", "damaged", "metrics", "tls", "over TLS", "control"]) {
      assert.ok(kinds[kind] > 0, kind);
    }
    for (const status of ["200", "303", "400", "401", "404", "closed"]) {
      assert.ok(statuses[status] > 0, `${status}: ${JSON.stringify(statuses)}`);
    }
    for (const megabytes of samples.at(-1)!.rss) {
      assert.ok(megabytes < MAX_MEMORY_MB, JSON.stringify(samples));
    }
  },
});
