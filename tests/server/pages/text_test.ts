/** Text of strangers, and times, as pages show them. */
import assert from "node:assert/strict";
import { ago } from "../../../server/pages/moment.tsx";
import { visibleText } from "../../../server/visible_text.ts";

Deno.test("text of strangers cannot hide, break lines or turn direction", () => {
  assert.equal(visibleText("a\u202eb\u2066c\u200bd\0e\u2028f\r\n\tg", 80), "a b c d e f g");
  assert.equal(visibleText("  plain text ", 80), "plain text");
  assert.equal(visibleText("\u202e", 80), "");
});

Deno.test("text of strangers is cut between characters", () => {
  assert.equal(visibleText("x".repeat(10_000), 5), "xxxx…");
  assert.equal(visibleText("🔑".repeat(6), 5), "🔑🔑🔑🔑…");
  assert.equal(visibleText("🔑".repeat(5), 5), "🔑🔑🔑🔑🔑");
});

Deno.test("times are told in words", () => {
  const words: [number, string][] = [
    [-3, "just now"],
    [9, "just now"],
    [59, "50 seconds ago"],
    [60, "1 minute ago"],
    [3599, "59 minutes ago"],
    [7200, "2 hours ago"],
    [86400, "1 day ago"],
  ];
  for (const [seconds, text] of words) assert.equal(ago(seconds), text);
});
