import assert from "node:assert/strict";
import { expiresSoon } from "../../shared/tokens/expires_soon.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

Deno.test("a token expires soon within 7 days, or within a quarter of a shorter lifetime", () => {
  const left = (lifetime: number, remaining: number) =>
    expiresSoon({ createdAt: 0, expiresAt: lifetime }, lifetime - remaining);
  for (const lifetime of [HOUR, DAY, 5 * DAY, 7 * DAY, 28 * DAY, 366 * DAY]) {
    assert.equal(left(lifetime, lifetime), false, `${lifetime} just created`);
    assert.equal(left(lifetime, 1), true, `${lifetime} at its end`);
  }
  assert.deepEqual([left(90 * DAY, 7 * DAY), left(90 * DAY, 7 * DAY + 1)], [true, false]);
  assert.deepEqual([left(4 * HOUR, HOUR), left(4 * HOUR, HOUR + 1)], [true, false]);
  assert.equal(expiresSoon({ createdAt: 0, expiresAt: null }, 1000 * DAY), false);
});
