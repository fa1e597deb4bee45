import assert from "node:assert/strict";
import { callsPerSecond } from "../../../tasks/bench/calls.ts";
import { Pool } from "../../../tasks/bench/writes/write_pair.ts";

Deno.test("an item is used by one call at a time", async () => {
  const items = Array.from({ length: 4 }, () => ({ users: 0, uses: 0 }));
  const pool = new Pool(items);
  let calls = 0;
  await callsPerSecond(
    () =>
      pool.use(async (item) => {
        assert.equal(++item.users, 1);
        await Promise.resolve();
        item.users--;
        item.uses++;
        calls++;
        if (calls % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
      }),
    { atATime: 4, seconds: 0.5 },
  );
  assert.equal(items.reduce((sum, { uses }) => sum + uses, 0), calls);
  assert.ok(items.every(({ uses }) => uses > 0));
});

Deno.test("an item is free again after a call that failed", async () => {
  const pool = new Pool(["item"]);
  await assert.rejects(pool.use(() => Promise.reject(new Error("failed"))), /failed/);
  await pool.use(() => Promise.resolve());
  const busy = pool.use(() => new Promise((resolve) => setTimeout(resolve)));
  await assert.rejects(pool.use(() => Promise.resolve()), /more calls/);
  await busy;
});
