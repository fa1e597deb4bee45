/** Invariant: two numbers that differ stay two, however large or long they are. */
import assert from "node:assert/strict";
import { parseExactJson } from "../../shared/exact_json.ts";

Deno.test("a number that a double cannot hold keeps its digits", () => {
  const cases: [text: string, value: unknown][] = [
    ["0", 0],
    ["-0", -0],
    ["0.0e99", 0],
    ["42", 42],
    ["1.10", 1.1],
    ["11e-1", 1.1],
    ["1E3", 1000],
    ["0.1", 0.1],
    ["1e21", 1e21],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["9007199254740993.0", "9007199254740993.0"],
    ["9.007199254740993e15", "9.007199254740993e15"],
    ["18446744073709551615", "18446744073709551615"],
    ["0.1000000000000000055", "0.1000000000000000055"],
    ["1e400", "1e400"],
    ["-1e99999999999999999999", "-1e99999999999999999999"],
    ["1e-400", "1e-400"],
    ['"9007199254740993"', "9007199254740993"],
    ["true", true],
    ["null", null],
  ];
  for (const [text, value] of cases) {
    assert.deepEqual(parseExactJson(text), value, text);
    assert.deepEqual(parseExactJson(`{"a":[${text}],"b":{"c":${text}}}`), {
      a: [value],
      b: { c: value },
    }, text);
  }
  assert.throws(() => parseExactJson("{"), SyntaxError);
});
