import { strict as assert } from "node:assert";
import { runProgram } from "../client/process/process_io.ts";

const [deno, evaluate] = [Deno.execPath(), (code: string) => ["eval", "--quiet", code]];

Deno.test("a program's end and what it wrote come back, with no shell between", async () => {
  const code = "console.log(Deno.args[0]); console.error('why'); Deno.exit(3)";
  assert.deepEqual(await runProgram(deno, [...evaluate(code), "--", "$(id); *"], 20_000), {
    code: 3,
    stdout: "$(id); *\n",
    stderr: "why\n",
  });
  assert.equal(await runProgram("no-such-program-anywhere", [], 1000), undefined);
});

Deno.test({
  name: "a program that hangs is killed, and what it has started is not waited for",
  // Its child holds the pipe open a while longer than the test.
  sanitizeOps: false,
  sanitizeResources: false,
  ignore: Deno.build.os === "windows",
  async fn() {
    const begun = performance.now();
    assert.equal(await runProgram("sh", ["-c", "sleep 20 & wait"], 300), "timed_out");
    assert.ok(performance.now() - begun < 15_000);
  },
});
