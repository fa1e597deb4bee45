import { strict as assert } from "node:assert";
import { streamProgram } from "../../../client/process/stream.ts";

const never = new AbortController().signal;
const deno = (code: string) => [Deno.execPath(), ["eval", "--quiet", code]] as const;

Deno.test("streams the output of a program, then returns its exit code", async () => {
  const code = `for await (const piece of Deno.stdin.readable) await Deno.stdout.write(piece);
    console.error("why"); Deno.exit(3)`;
  let length = 0;
  const ended = await streamProgram(...deno(code), "x".repeat(1_000_000), async (output) => {
    for await (const piece of output) length += piece.length;
    return "read";
  }, never);
  assert.deepEqual(ended, { code: 3, stderr: "why\n", result: "read" });
  assert.equal(length, 1_000_000);
  const nothing = () => Promise.resolve();
  assert.equal(await streamProgram("no-such-program-anywhere", [], "", nothing, never), undefined);
});

Deno.test("kills a program when its reader fails, or on Ctrl-C", async () => {
  const endless = deno(`for (;;) console.log("more");`);
  const controller = new AbortController();
  const failing = streamProgram(...endless, "", () => Promise.reject(new Error("enough")), never);
  await assert.rejects(failing, /enough/);
  const interrupted = await streamProgram(...endless, "", async (output) => {
    for await (const _ of output) controller.abort();
  }, controller.signal);
  assert.notEqual(interrupted?.code, 0);
});
