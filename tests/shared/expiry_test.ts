import assert from "node:assert/strict";
import { parseExpiry } from "../../shared/expiry.ts";

const NOW = new Date(2026, 10, 24, 10, 0, 0).getTime();

Deno.test("--expires accepts a duration, a date, a time and never", () => {
  assert.equal(parseExpiry("never", NOW), null);
  assert.equal(parseExpiry("90d", NOW), NOW + 90 * 86_400_000);
  assert.equal(parseExpiry("90", NOW), NOW + 90_000);
  assert.equal(parseExpiry("2026-11-24", NOW), new Date(2026, 10, 24, 23, 59, 59, 999).getTime());
  assert.equal(parseExpiry("2027-01-31T12:00:00Z", NOW), Date.UTC(2027, 0, 31, 12));
});

Deno.test("--expires rejects the past, impossible dates and other texts", () => {
  const texts = [
    "0",
    "2026-11-23",
    "2027-02-30",
    "2027-13-01",
    "soon",
    "",
    "-5d",
    "1999-01-01T00:00Z",
  ];
  for (const text of texts) assert.equal(parseExpiry(text, NOW), undefined, text);
});
