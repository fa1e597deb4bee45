import assert from "node:assert/strict";
import { formatTime, formatTimeWithDistance, relativeTime } from "../../shared/format_time.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("names the time zone of a time", () => {
  const winter = Date.parse("2026-11-26T10:20:30Z");
  const summer = Date.parse("2026-07-01T22:30:00Z");
  const times: [number, string, string][] = [
    [winter, "UTC", "2026-11-26 10:20 UTC"],
    [winter, "Europe/Berlin", "2026-11-26 11:20 CET"],
    [summer, "Europe/Berlin", "2026-07-02 00:30 CEST"],
    [winter, "Europe/London", "2026-11-26 10:20 GMT"],
    [winter, "America/New_York", "2026-11-26 05:20 EST"],
    [summer, "Australia/Sydney", "2026-07-02 08:30 AEST"],
    [winter, "Asia/Tokyo", "2026-11-26 19:20 JST"],
    [winter, "America/Argentina/Buenos_Aires", "2026-11-26 07:20 UTC-3"],
    [Date.parse("2026-11-25T23:05:00Z"), "UTC", "2026-11-25 23:05 UTC"],
    [Date.parse("2026-11-26T00:05:00Z"), "UTC", "2026-11-26 00:05 UTC"],
  ];
  for (const [time, zone, text] of times) assert.equal(formatTime(time, zone), text);
});

Deno.test("uses the time zone of the environment", () => {
  assert.match(formatTime(0), /^19(69|70)-\d\d-\d\d \d\d:\d\d \S+/);
});

Deno.test("says how far away a time is", () => {
  const distances: [number, string][] = [
    [0, "just now"],
    [-20_000, "just now"],
    [20_000, "in less than a minute"],
    [MINUTE, "in 1 minute"],
    [-59 * MINUTE, "59 minutes ago"],
    [59.9 * MINUTE, "in 1 hour"],
    [2 * HOUR - 5, "in 2 hours"],
    [-30 * HOUR, "30 hours ago"],
    [-3 * DAY, "3 days ago"],
    [90 * DAY - 1000, "in 90 days"],
    [365 * DAY, "in 12 months"],
    [-800 * DAY, "2 years ago"],
  ];
  for (const [distance, text] of distances) {
    assert.equal(relativeTime(1e12 + distance, 1e12), text);
  }
  assert.equal(formatTimeWithDistance(HOUR, 0, "UTC"), "1970-01-01 01:00 UTC (in 1 hour)");
});
