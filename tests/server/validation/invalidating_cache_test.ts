/** Invariant: the cache returns nothing that may have changed since it was read. */
import assert from "node:assert/strict";
import { InvalidatingCache } from "../../../server/validation/invalidating_cache.ts";

/** A cache of a value that tests change, and the number of reads. */
function memory(limit = 100) {
  const state = { current: true, value: "old", reads: 0 };
  const remembered = new InvalidatingCache<string>(limit, () => state.current);
  const subjects = () => ["token:1", "principal:1"];
  const read = () => {
    state.reads++;
    return Promise.resolve(state.value);
  };
  return {
    state,
    remembered,
    get: async (key = "key") => remembered.get(key) ?? await remembered.read(key, read, subjects),
    /** Starts a read that finishes on demand, with the value at its start. */
    begin(key = "key") {
      const done = Promise.withResolvers<string>();
      const { value } = state;
      const answer = remembered.read(key, () => done.promise, subjects);
      return {
        end: () => {
          done.resolve(value);
          return answer;
        },
      };
    },
  };
}

Deno.test("reads a value once, until one of its subjects changes", async () => {
  for (const subject of ["token:1", "principal:1"]) {
    const { state, remembered, get } = memory();
    assert.deepEqual([await get(), await get(), state.reads], ["old", "old", 1]);
    state.value = "new";
    remembered.invalidate("token:2");
    assert.equal(await get(), "old");
    remembered.invalidate(subject);
    assert.equal(await get(), "new", subject);
  }
});

Deno.test("returns but does not cache a value that was read before a change", async () => {
  const changes: Record<string, (remembered: InvalidatingCache<string>) => void> = {
    "a subject's change": (remembered) => remembered.invalidate("token:1"),
    "the other subject's change": (remembered) => remembered.invalidate("principal:1"),
    "changes that went unheard": (remembered) => remembered.clear(),
  };
  for (const [name, change] of Object.entries(changes)) {
    const { state, remembered, get, begin } = memory();
    const reading = begin();
    state.value = "new";
    change(remembered);
    assert.equal(await reading.end(), "old", name);
    assert.equal(await get(), "new", name);
  }
});

Deno.test("does not cache a value that arrives while the channel is lost", async () => {
  const { state, get, begin } = memory();
  const reading = begin();
  state.current = false;
  await reading.end();
  state.value = "new";
  state.current = true;
  assert.equal(await get(), "new");
});

Deno.test("returns nothing from the cache while the channel is lost", async () => {
  const { state, remembered, get } = memory();
  await get();
  state.current = false;
  assert.equal(remembered.get("key"), undefined);
  state.value = "new";
  assert.deepEqual([await get(), await get(), state.reads], ["new", "new", 3]);
});

Deno.test("clears both generations after missed changes", async () => {
  for (const forget of ["missed", "changed"] as const) {
    const { state, remembered, get } = memory(4);
    // Two fill the young generation; the third makes them the old one.
    for (const key of ["1", "2", "3"]) await get(key);
    assert.equal(state.reads, 3);
    for (const key of ["1", "2", "3"]) assert.equal(await get(key), "old");
    assert.equal(state.reads, 3);
    if (forget === "missed") remembered.clear();
    else remembered.invalidate("token:1");
    state.value = "new";
    for (const key of ["1", "2", "3"]) assert.equal(await get(key), "new", `${forget}: ${key}`);
  }
});

Deno.test("caches no more values than the limit", async () => {
  const { remembered, get } = memory(10);
  for (let key = 0; key < 100; key++) await get(String(key));
  const kept = Array.from({ length: 100 }, (_, key) => remembered.get(String(key)));
  assert.ok(kept.filter((value) => value !== undefined).length <= 10);
  assert.equal(remembered.get("99"), "old");
});

Deno.test("returns nothing from the cache that is not fresh at the time of a reading", async () => {
  const cache = new InvalidatingCache<string>(100, (now = 0) => now < 800);
  await cache.read("key", () => Promise.resolve("value"), () => []);
  const values = [undefined, 799, 800].map((now) => cache.get("key", now));
  assert.deepEqual(values, ["value", "value", undefined]);
});
