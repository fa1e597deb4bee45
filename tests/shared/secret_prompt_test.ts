import assert from "node:assert/strict";
import { PromptInterrupted, withSecretPrompt } from "../../shared/secret_prompt.ts";

/** A terminal on which the keys are typed, a few bytes per read. */
function terminal(keys: string, size = 3) {
  const bytes = new TextEncoder().encode(keys);
  const modes: boolean[] = [];
  let position = 0;
  return {
    modes,
    setRaw: (raw: boolean) => void modes.push(raw),
    read(buffer: Uint8Array): Promise<number | null> {
      const part = bytes.subarray(position, position + size);
      position += part.length;
      buffer.set(part);
      return Promise.resolve(part.length === 0 ? null : part.length);
    },
  };
}

async function type(keys: string, questions: number, size?: number) {
  const device = terminal(keys, size);
  let output = "";
  const write = (text: string) => void (output += text);
  const answers = await withSecretPrompt(device, write, async (ask) => {
    const typed: string[] = [];
    for (let count = 0; count < questions; count++) typed.push(await ask("Password: "));
    return typed;
  });
  assert.deepEqual(device.modes, [true, false]);
  return { answers, output };
}

Deno.test("reads secrets without showing them, and edits them", async () => {
  for (const size of [1, 3, 1024]) {
    assert.deepEqual(await type("first\rsecond\n", 2, size), {
      answers: ["first", "second"],
      output: "Password: \nPassword: \n",
    });
    const typed = async (keys: string) => (await type(keys, 1, size)).answers[0];
    assert.equal(await typed("ab\x7fc\b\r"), "a");
    assert.equal(await typed("\x7fé€😀\x7f\x7f\r"), "é");
    assert.equal(await typed("wrong\x15right\r"), "right");
    assert.equal(await typed("a\x1b[Ab\x1b[3~c\x1bOHd\r"), "abcd");
    assert.equal(await typed("a\x04\r"), "a");
  }
});

Deno.test("ends at Ctrl-C, at Ctrl-D and with the terminal, which shows input again", async () => {
  for (const keys of ["abc\x03", "\x04", "abc", ""]) {
    const device = terminal(keys);
    const asked = withSecretPrompt(device, () => {}, (ask) => ask("Password: "));
    await assert.rejects(asked, PromptInterrupted);
    assert.deepEqual(device.modes, [true, false]);
  }
});
