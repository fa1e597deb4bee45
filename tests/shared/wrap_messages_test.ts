import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { wrapMessages } from "../../shared/wrap_text.ts";

const bin = brand.binaryName;

function wrapped(text: string, width: number): string {
  return wrapMessages(text, () => width);
}

Deno.test("breaks messages between words, and keeps their indent", () => {
  assert.equal(
    wrapped("Error: The server does not respond.\n  - listen: the port is in use\n", 24),
    "Error: The server does\nnot respond.\n  - listen: the port is\n    in use\n",
  );
});

Deno.test("keeps a suggested command on one line if it fits there", () => {
  assert.equal(
    wrapped(`Error: Not logged in. Run: ${bin} login --server. Then try again.`, 36),
    `Error: Not logged in. Run:\n${bin} login --server. Then try\nagain.`,
  );
  assert.equal(
    wrapped(`To add one, run: ${bin} admin trust add PROVIDER SUBJECT`, 30),
    `To add one, run: ${bin} admin\ntrust add PROVIDER SUBJECT`,
  );
});

Deno.test("does not count styles, nor cut a long word", () => {
  const address = `https://auth.example.com/${"x".repeat(40)}`;
  assert.equal(
    wrapped(`\x1b[31mError:\x1b[39m Cannot reach ${address} now`, 24),
    `\x1b[31mError:\x1b[39m Cannot reach\n${address}\nnow`,
  );
});

Deno.test("leaves lines alone that fit, are rewritten in place, or belong to a log", () => {
  for (
    const text of [
      "short\n",
      `\r${"waiting ".repeat(9)}\x1b[K`,
      `2026-01-01T00:00:00.000Z info started ${"a=b ".repeat(20)}\n`,
      `{"time":"2026","event": "${"a b ".repeat(20)}"}\n`,
    ]
  ) assert.equal(wrapped(text, 40), text);
});
