import assert from "node:assert/strict";
import { lineLog } from "../../server/log.ts";

function logged(value: string): string {
  let text = "";
  lineLog((line) => text += line, () => 0)("warn", "mail_failed", { reason: value });
  return text;
}

Deno.test("escapes values that could control a terminal, or forge a field or a line", () => {
  const hostile = 'x" level=info\n1970-01-01T00:00:00.000Z info fine\x1b[2J\u009b2J\u202e\u061c' +
    "\u200b\u2028\u{e0041}\ud800";
  const line = logged(hostile);
  assert.match(line, /^1970-01-01T00:00:00\.000Z warn mail_failed reason="[\x20-\x7e]*"\n$/);
  assert.deepEqual(JSON.parse(line.slice(line.indexOf("reason=") + "reason=".length)), hostile);
});

Deno.test("keeps values readable in any script, and limits their length", () => {
  assert.match(logged("Zoë 日本"), /reason="Zoë 日本"\n$/);
  assert.ok(logged("x".repeat(1_000_000)).length < 5000);
  assert.ok(logged("\u009b".repeat(1_000_000)).length < 30_000);
});
