import assert from "node:assert/strict";
import { listFailures, listSkipped, readTestReport } from "../../tasks/test_report.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.188">
    <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="passes" classname="./a_test.ts" time="0.007" line="1" col="6">
        </testcase>
        <testcase name="is left out" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
        <testcase name="a &lt;b&gt; &gt; step" classname="./a_test.ts" time="0.001" line="2" col="5">
            <failure message="Uncaught Error: x">Error: x &#38; y
    at file:///a_test.ts:2:84
    at file:///a_test.ts:2:53</failure>
        </testcase>
    </testsuite>
</testsuites>`;

const OUTPUT = ` ERRORS 

./b_test.ts (uncaught error)
error: (in promise) Error: does not load
    at file:///b_test.ts:1:7

 FAILURES 

./b_test.ts (uncaught error)

FAILED | 1 passed | 2 failed`;

Deno.test("counts tests, and returns failures with their errors", () => {
  assert.deepEqual(readTestReport(REPORT, ""), {
    passed: 1,
    skipped: [{ name: "is left out", file: "./a_test.ts" }],
    failures: [{
      name: "a <b> > step",
      file: "./a_test.ts",
      error: "Error: x & y\n    at file:///a_test.ts:2:84\n    at file:///a_test.ts:2:53",
    }],
  });
});

Deno.test("counts a file that does not load as one failure", () => {
  assert.deepEqual(readTestReport("", OUTPUT).failures, [{
    name: "uncaught error",
    file: "./b_test.ts",
    error: "error: (in promise) Error: does not load\n    at file:///b_test.ts:1:7",
  }]);
});

Deno.test("lists skipped tests by file", () => {
  assert.equal(
    listSkipped([
      { name: "Go", file: "./a_test.ts" },
      { name: "Windows", file: "./b_test.ts" },
      { name: "Java", file: "./a_test.ts" },
    ]),
    "./a_test.ts\n    Go\n    Java\n./b_test.ts\n    Windows",
  );
});

Deno.test("lists failures with the first lines of their errors", () => {
  const { failures } = readTestReport(REPORT, OUTPUT);
  assert.equal(
    listFailures(failures, 2),
    `a <b> > step (./a_test.ts)
    Error: x & y
        at file:///a_test.ts:2:84
    …

uncaught error (./b_test.ts)
    error: (in promise) Error: does not load
        at file:///b_test.ts:1:7`,
  );
});
