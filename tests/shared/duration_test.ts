import assert from "node:assert/strict";
import { LAST_TIME } from "../../shared/clock.ts";
import { parseDurationSeconds } from "../../shared/duration.ts";

Deno.test("returns the seconds of a number with or without a unit", () => {
  const durations: Record<string, number> = {
    "0": 0,
    "90": 90,
    "90s": 90,
    "15m": 900,
    "8h": 28_800,
    " 30d ": 2_592_000,
    "31536000": 31_536_000,
    "999999d": 999_999 * 86_400,
  };
  for (const [text, seconds] of Object.entries(durations)) {
    assert.equal(parseDurationSeconds(text), seconds, text);
  }
});

Deno.test("rejects other units, signs, fractions and spaces within", () => {
  for (const text of ["", "m", "1 h", "1w", "1M", "-1", "+1", "1.5h", "1h30m", "0x10", "1e3"]) {
    assert.equal(parseDurationSeconds(text), undefined, text);
  }
});

Deno.test("rejects a duration that would exceed the last time there is", () => {
  assert.equal(parseDurationSeconds("1000000d"), undefined);
  assert.equal(parseDurationSeconds("999999999d"), undefined);
  const longest = parseDurationSeconds("999999d")!;
  assert.ok(Date.UTC(2100, 0, 1) + longest * 1000 < LAST_TIME);
});
