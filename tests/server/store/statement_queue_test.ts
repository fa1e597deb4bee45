/** Invariant: what waits for the database is bounded, and one network does not hold up others. */
import assert from "node:assert/strict";
import {
  DatabaseBusy,
  StatementQueue,
  type StatementQueueLimits,
} from "../../../server/store/db/statement_queue.ts";

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Statements by name, of the network that is their first letter, that finish on demand. */
function scripted(limits: Partial<StatementQueueLimits>) {
  let network = "";
  const queue = new StatementQueue(() => network, limits);
  const started: string[] = [];
  const rejected: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    ...{ queue, started, rejected },
    run(...names: string[]) {
      for (const name of names) {
        network = name[0];
        queue.run(() =>
          new Promise<void>((resolve) => {
            started.push(name);
            ends.set(name, resolve);
          })
        ).catch((error) => {
          assert.ok(error instanceof DatabaseBusy);
          rejected.push(name);
        });
      }
    },
    async end(name: string) {
      ends.get(name)!();
      await settled();
    },
  };
}

Deno.test("networks take turns at the database", async () => {
  const { run, end, started, queue } = scripted({ running: 2 });
  run("a1", "a2", "a3", "a4", "a5", "b1", "c1", "b2");
  assert.deepEqual(started, ["a1", "a2"]);
  assert.equal(queue.waiting, 6);
  assert.ok(queue.oldestWaitMs > 0);
  for (const name of ["a1", "a2", "a3", "b1", "c1", "a4", "b2"]) await end(name);
  assert.deepEqual(started, ["a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5"]);
  assert.equal(queue.waiting, 0);
  assert.equal(queue.oldestWaitMs, 0);
});

Deno.test("rejects the oldest statement of the network with the most", async () => {
  const { run, end, started, rejected, queue } = scripted({ running: 1, waiting: 3 });
  let reported = 0;
  queue.onShed = (count) => reported += count;
  run("a1", "a2", "b1", "a3");
  assert.deepEqual(rejected, []);
  run("c1", "a4");
  await settled();
  assert.deepEqual(rejected, ["a2", "a3"]);
  assert.deepEqual(queue.shed, { full: 2, timeout: 0 });
  assert.equal(reported, 1, "the first at once, the others later");
  for (const name of ["a1", "a4", "b1"]) await end(name);
  assert.deepEqual(started, ["a1", "a4", "b1", "c1"]);
});

Deno.test("rejects a statement that has waited too long, and passes a failure on", async () => {
  const { run, end, rejected, queue } = scripted({ running: 1, waitMs: 0 });
  run("a1", "b1");
  while (rejected.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(queue.shed, { full: 0, timeout: 1 });
  await end("a1");
  await assert.rejects(() => queue.run(() => Promise.reject(new Error("failed"))), /failed/);
  assert.equal(await queue.run(() => Promise.resolve("done")), "done");
});
