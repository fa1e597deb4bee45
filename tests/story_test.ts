/** The parser and the matcher of tests/stories. */
import assert from "node:assert/strict";
import { type Captures, matchOutput, parseStory } from "./support/story.ts";

Deno.test("parses commands with their input, output, errors and exit code, and events", () => {
  const text = `# comment
@ write .env TOKEN=<pat ci>
$ app login --name 'two words' <pat ci>
< input
one

two
2> error
2>
? 4

$ app status
`;
  assert.deepEqual(parseStory(text), [
    { kind: "event", line: 2, args: ["write", ".env", "TOKEN=<pat ci>"] },
    {
      kind: "command",
      line: 3,
      args: ["app", "login", "--name", "two words", "<pat ci>"],
      stdin: "input\n",
      stdout: "one\n\ntwo\n",
      stderr: "error\n\n",
      exitCode: 4,
    },
    {
      kind: "command",
      line: 12,
      args: ["app", "status"],
      ...{ stdin: "", stdout: "", stderr: "", exitCode: 0 },
    },
  ]);
  assert.throws(() => parseStory("output without a command\n"), /line 1/);
});

Deno.test("matches whole outputs, and placeholders with the same name to the same text", () => {
  const captures: Captures = new Map();
  assert.ok(matchOutput("in <duration>.\n", "in 3 min 5 s.\n", captures));
  assert.ok(!matchOutput("in <duration>.\n", "in 3 min.\nmore\n", captures));
  assert.ok(!matchOutput("<text>\n", "one\ntwo\n", captures));
  assert.ok(matchOutput("<prefix ci> and <prefix ci>", "abc_12345678 and abc_12345678", captures));
  assert.ok(!matchOutput("<prefix ci>", "abc_87654321", captures));
  assert.ok(!matchOutput("<prefix x> and <prefix x>", "abc_12345678 and abc_00000000", captures));
});
