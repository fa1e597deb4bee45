import assert from "node:assert/strict";
import { createLog, type Log, type LogOptions } from "../../server/log.ts";

function logged(value: string): string {
  let text = "";
  createLog({ format: "text", level: "info" }, (line) => text += line, () => 0)(
    "warn",
    "mail_failed",
    { reason: value },
  );
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

Deno.test("masks e-mail addresses in the answers of others", () => {
  const answer =
    "550 5.1.1 <Bob.O'Neil+x@example.com>: no such user; see postmaster@mx.example.com";
  const line = logged(answer);
  assert.ok(!/Neil|Bob|postmaster/.test(line), line);
  assert.match(line, /…@example\.com.*…@mx\.example\.com/);
  // Quickly, whatever the text.
  assert.ok(logged("@".repeat(1_000_000)).length < 30_000);
});

function logs(options: LogOptions, ...events: Parameters<Log>[]): string {
  let text = "";
  const log = createLog(options, (line) => text += line, () => 0);
  for (const event of events) log(...event);
  return text;
}

Deno.test("logs JSON objects with typed values, from which nothing can escape", () => {
  const reason = 'x"}\n{"level":"info"}\x1b[2J\u009b\u202e';
  const line = logs({ format: "json", level: "info" }, [
    "error",
    "mail_failed",
    { reason, attempt: 2, last: true, address: undefined },
  ]);
  assert.match(line, /^[\x20-\x7e]*\n$/);
  assert.deepEqual(JSON.parse(line), {
    time: "1970-01-01T00:00:00.000Z",
    level: "error",
    event: "mail_failed",
    ...{ reason, attempt: 2, last: true },
  });
});

Deno.test("logs only events of the chosen level and more severe ones", () => {
  const text = logs(
    { format: "text", level: "warn" },
    ["debug", "a"],
    ["info", "b"],
    ["warn", "c"],
    ["error", "d"],
  );
  assert.deepEqual(text.trim().split("\n").map((line) => line.split(" ")[2]), ["c", "d"]);
});
