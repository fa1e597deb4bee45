import { sanitizeLine } from "../../shared/sanitize.ts";
import { strict as assert } from "node:assert";
import { formatDuration, formatJson, styleFor } from "../../client/output.ts";
import { memoryIo } from "../support/fake_client_io.ts";

Deno.test("removes escape sequences from text of a server", () => {
  assert.equal(sanitizeLine("\x1b[31mred\x1b[0m\u009b2J"), "[31mred [0m 2J");
  assert.equal(sanitizeLine("a\r\nb\tc\0d"), "a b c d");
  assert.equal(sanitizeLine("\u202eabc\u2066d\u200b"), "abc d");
  assert.equal(sanitizeLine("Zoë 日本 🎉"), "Zoë 日本 🎉");
  assert.equal(sanitizeLine("x".repeat(500)).length, 200);
  assert.equal(sanitizeLine(undefined), "undefined");
});

Deno.test("formats durations with at most two units", () => {
  assert.equal(formatDuration(0), "0 s");
  assert.equal(formatDuration(-5), "0 s");
  assert.equal(formatDuration(59_400), "59 s");
  assert.equal(formatDuration(245_000), "4 min 5 s");
  assert.equal(formatDuration(3_600_000), "1 h");
  assert.equal(formatDuration(86_400_000 * 30 + 61_000), "30 d");
});

Deno.test("writes no escape sequences without a terminal, with NO_COLOR, or on a dumb one", () => {
  const terminal = { stderrIsTerminal: true };
  assert.equal(styleFor(memoryIo(terminal)).bold("x"), "\x1b[1mx\x1b[22m");
  assert.equal(styleFor(memoryIo()).bold("x"), "x");
  assert.equal(styleFor(memoryIo({ ...terminal, env: { NO_COLOR: "1" } })).bold("x"), "x");
  assert.equal(styleFor(memoryIo({ ...terminal, env: { TERM: "dumb" } })).bold("x"), "x");
});

Deno.test("escapes unsafe characters in JSON without changing its value", () => {
  const value = { name: "\x1b[2J\u009b2J\u202e\n", list: [1, "é"] };
  const text = formatJson(value);
  assert.deepEqual(JSON.parse(text), value);
  // deno-lint-ignore no-control-regex -- they are what must be absent
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\x00-\x1f\x7f-\x9f\u202e]/);
  assert.match(text, /^\{\n {2}"name"[^]*\}\n$/);
});
