/** Deliveries: an unreachable receiver does not delay the others. */
import assert from "node:assert/strict";
import { DeliveryQueue } from "../../../server/notifications/delivery_queue.ts";
import { eventually } from "../../support/eventually.ts";

Deno.test("a delivery that waits for its next attempt does not delay others", async () => {
  const deliveries = new DeliveryQueue([3_600_000]);
  const failures: string[] = [];
  let delivered = 0;
  for (let i = 0; i < 50; i++) {
    deliveries.add({
      attempt: () => Promise.resolve({ reason: `no ${i}` }),
      onFailure: (reason) => failures.push(reason),
    });
  }
  deliveries.add({
    attempt: () => Promise.resolve(void delivered++),
    onFailure: (reason) => failures.push(reason),
  });
  await eventually("the last is delivered", () => delivered === 1);
  assert.equal(failures.length, 50);
  await deliveries.close();
});

Deno.test("repeats a delivery until it succeeds, fails permanently, or has no attempts left", async () => {
  const deliveries = new DeliveryQueue([1, 1]);
  const attempts = { mended: 0, final: 0, hopeless: 0 };
  const failed: string[] = [];
  const add = (
    name: keyof typeof attempts,
    fails: (attempt: number) => boolean,
    permanent = false,
  ) =>
    deliveries.add({
      attempt: () =>
        Promise.resolve(fails(++attempts[name]) ? { reason: name, permanent } : undefined),
      onFailure: (reason) => failed.push(reason),
    });
  add("mended", (attempt) => attempt < 2);
  add("final", () => true, true);
  add("hopeless", () => true);
  await eventually("all have failed", () => failed.length === 5);
  await deliveries.close();
  assert.deepEqual(attempts, { mended: 2, final: 1, hopeless: 3 });
});

Deno.test("close() makes first attempts and repeats none", async () => {
  const deliveries = new DeliveryQueue([1]);
  let attempts = 0;
  for (let i = 0; i < 20; i++) {
    deliveries.add({
      attempt: async () => {
        await Promise.resolve();
        attempts++;
        return { reason: "down" };
      },
      onFailure: () => {},
    });
  }
  await deliveries.close();
  assert.equal(attempts, 20);
});
