/** Invariant: no statement waits indefinitely, whatever happens to the connection. */
import assert from "node:assert/strict";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { createDatabase } from "../../support/postgres.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";

Deno.test("statements fail while connections are accepted and closed, and work afterward", async () => {
  await using created = await createDatabase("18");
  const url = new URL(created.url);
  await using proxy = startTcpProxy(Number(url.port));
  [url.hostname, url.port] = ["127.0.0.1", String(proxy.port)];
  const { sql, close } = await openDatabase({ databaseUrl: url.href, dataDir: "/nonexistent" });
  const ask = async () => (await sql<{ one: number }[]>`select 1 as one`)[0].one;
  assert.equal(await ask(), 1);
  proxy.mode = "refuse";
  proxy.cut();
  // More than there are connections, some of them together.
  for (let round = 0; round < 3; round++) {
    const asked = await Promise.allSettled(Array.from({ length: 15 }, ask));
    const reasons = asked.map((outcome) => outcome.status === "rejected" && outcome.reason.message);
    for (const reason of reasons) {
      assert.match(
        String(reason),
        /closed the connection immediately|CONNECTION_(CLOSED|DESTROYED)/,
      );
    }
    if (round > 0) assert.match(reasons.join(), /closed the connection immediately/);
  }
  proxy.mode = "pass";
  const start = performance.now();
  while (await ask().catch(() => 0) !== 1) {
    assert.ok(performance.now() - start < 20_000, "it goes on");
  }
  assert.deepEqual(await Promise.all(Array.from({ length: 30 }, ask)), Array(30).fill(1));
  await close();
});
