/** Untrusted text and times on pages. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import assert from "node:assert/strict";
import { formatTimeAgo } from "../../../server/pages/ui/relative_time.tsx";
import { nameProblem } from "../../../server/store/users.ts";

Deno.test("removes control, line break and direction characters from untrusted text", () => {
  assert.equal(sanitizeLine("a\u202eb\u2066c\u200bd\0e\u2028f\r\n\tg", 80), "a b c d e f g");
  assert.equal(sanitizeLine("  plain text ", 80), "plain text");
  assert.equal(sanitizeLine("\u202e", 80), "");
});

Deno.test("limits combining marks in untrusted text", () => {
  const acute = "\u0301";
  assert.equal(sanitizeLine(`x${acute.repeat(90)}y`, 80), `x${acute.repeat(3)}y`);
  assert.equal(sanitizeLine(`e${acute}`, 80), "\u00e9");
  const burmese = "\u1019\u103c\u103d\u103e\u102c";
  assert.equal(sanitizeLine(burmese, 80), burmese);
});

Deno.test("rejects names without visible characters", () => {
  const nothing = ["\u200b", "\u200b \u2060", "\u0301".repeat(90), "\u3164", "\u2800", "\ufe0f"];
  for (const name of nothing) {
    assert.match(
      nameProblem(name) ?? "accepted",
      /no visible characters/,
      encodeURIComponent(name),
    );
  }
  for (const name of ["x", "7", "🔑", "!", "名", "\u200bx", "ก็"]) {
    assert.equal(nameProblem(name), undefined, encodeURIComponent(name));
  }
});

Deno.test("truncates untrusted text between characters", () => {
  assert.equal(sanitizeLine("x".repeat(10_000), 5), "xxxx…");
  assert.equal(sanitizeLine("🔑".repeat(6), 5), "🔑🔑🔑🔑…");
  assert.equal(sanitizeLine("🔑".repeat(5), 5), "🔑🔑🔑🔑🔑");
});

Deno.test("formats how long ago a time was", () => {
  const expected: [number, string][] = [
    [-3, "just now"],
    [9, "just now"],
    [59, "50 seconds ago"],
    [60, "1 minute ago"],
    [3599, "59 minutes ago"],
    [7200, "2 hours ago"],
    [86400, "1 day ago"],
  ];
  for (const [seconds, text] of expected) assert.equal(formatTimeAgo(seconds), text);
});
