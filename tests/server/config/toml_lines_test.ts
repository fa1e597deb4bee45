import assert from "node:assert/strict";
import { lineOf } from "../../../server/config/toml_lines.ts";

Deno.test("finds the lines of keys and tables, however they are spelled", () => {
  const text = `# listen = 1
  listen = 2
"quoted" = 3
a.b = 4
[scopes] # listen
listen = 6
'x y' = 7
[scopes."read:all"]
description = 9
[[other]]
issuer = 11
`;
  const cases: [path: string[], line: number | undefined][] = [
    [["listen"], 2],
    [["quoted"], 3],
    [["a"], 4],
    [["a", "b"], 4],
    [["scopes"], 5],
    [["scopes", "listen"], 6],
    [["scopes", "x y"], 7],
    [["scopes", "read:all"], 8],
    [["scopes", "read:all", "description"], 9],
    [["other"], 10],
    [["issuer"], undefined],
    [["missing"], undefined],
  ];
  for (const [path, line] of cases) {
    assert.equal(lineOf(path, text), line === undefined ? "" : `, line ${line}`, path.join("."));
  }
});
