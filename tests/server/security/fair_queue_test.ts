/** Invariant: the requests of one network delay another by at most one turn. */
import assert from "node:assert/strict";
import { FairQueue, type QueuedCaller } from "../../../server/security/fair_queue.ts";
import { verifyPassword } from "../../../server/security/password_hash.ts";

class Full extends Error {}

/** Tasks by name that finish on demand, and the names of those that started. */
function scripted(limits = { running: 2, runningPerNetwork: 1, waiting: 6, waitingPerNetwork: 4 }) {
  const queue = new FairQueue(limits, () => new Full());
  const started: string[] = [];
  const refused: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    refused,
    ask(name: string, caller?: QueuedCaller) {
      queue.run(caller, () =>
        new Promise<void>((resolve) => {
          started.push(name);
          ends.set(name, resolve);
        })).catch((error) => {
          assert.ok(error instanceof Full);
          refused.push(name);
        });
    },
    async end(name: string) {
      ends.get(name)!();
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const from = (network: string, known = false): QueuedCaller => ({ network, known });

Deno.test("networks take turns, and none exceeds its share", async () => {
  const { ask, end, started } = scripted();
  for (const name of ["a1", "a2", "a3", "a4"]) ask(name, from("a"));
  await settled();
  assert.deepEqual(started, ["a1"], "the other place is kept for others");
  for (const name of ["b1", "b2", "c1"]) ask(name, from(name[0]));
  await settled();
  assert.deepEqual(started, ["a1", "b1"]);
  await end("a1");
  await end("a2");
  await end("b1");
  assert.deepEqual(started, ["a1", "b1", "a2", "c1", "b2"]);
});

Deno.test("runs tasks of known callers first, and drops unknown ones from a full queue", async () => {
  const { ask, end, started, refused } = scripted();
  ask("a1", from("a"));
  ask("b1", from("b"));
  for (const name of ["a2", "a3", "a4", "b2", "b3", "c1"]) ask(name, from(name[0]));
  await settled();
  ask("k1", from("k", true));
  await settled();
  assert.deepEqual(refused, ["a4"], "the network with the most gives up its newest");
  await end("a1");
  assert.deepEqual(started, ["a1", "b1", "k1"]);
  for (const name of ["k2", "k3", "k4", "k5"]) ask(name, from("k", true));
  await settled();
  assert.equal(refused.length, 4);
  assert.ok(!refused.some((name) => name.startsWith("k")));
});

Deno.test("limits the waiting tasks of one network", async () => {
  const { ask, refused } = scripted();
  for (let count = 1; count <= 20; count++) ask(`a${count}`, from("a"));
  await settled();
  assert.equal(refused.length, 20 - 1 - 4);
  ask("b1", from("b"));
  ask("b2", from("b"));
  await settled();
  assert.ok(!refused.some((name) => name.startsWith("b")));
});

Deno.test("starts the next task after one has failed", async () => {
  const queue = new FairQueue(
    { running: 1, runningPerNetwork: 1, waiting: 1, waitingPerNetwork: 1 },
    () => new Full(),
  );
  for (let round = 0; round < 3; round++) {
    await assert.rejects(queue.run(from("a"), () => Promise.reject(new Error("failed"))), /failed/);
  }
  assert.equal(await queue.run(from("a"), () => Promise.resolve("done")), "done");
});

Deno.test("a flood of sign-ins from one network does not delay others", async () => {
  const cheap = "$scrypt$ln=12,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA";
  let [checked, refused] = [0, 0];
  const flood = Array.from(
    { length: 104 },
    (_, index) =>
      verifyPassword("wrong", cheap, from("198.51.100.0/24"))
        .then(() => checked++, () => refused++)
        .then(() => index),
  );
  assert.equal(await verifyPassword("wrong", cheap, from("203.0.113.0/24")), false);
  // Threads finish in any order on a busy machine, but never does most of the flood go first.
  assert.ok(checked <= 10, `${checked} of the flood went first`);
  await Promise.all(flood);
  assert.deepEqual([checked, refused], [27, 77]);
});
