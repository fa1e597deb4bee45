// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task pictures [--output DIR]`: takes the pictures of the README again, from the compiled
 * program: a recording of a terminal, and pages in both themes. Linux only, with Chromium.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BINARY_VARIABLE } from "../tests/support/binary.ts";
import { compileForTests } from "../tests/support/compile_for_tests.ts";
import { install } from "../tests/support/installation.ts";
import { recordTerminal } from "./pictures/record_terminal.ts";
import { takeScreenshots } from "./pictures/take_screenshots.ts";

/** As a new installation has it. */
const PORT = 8787;

const { values } = parseArgs({
  args: Deno.args,
  options: { output: { type: "string", default: join("docs", "images") } },
});
if (Deno.env.get(BINARY_VARIABLE) === undefined) {
  const outputFolder = fileURLToPath(new URL("../dist/", import.meta.url));
  Deno.env.set(BINARY_VARIABLE, (await compileForTests({ outputFolder })).path);
}
await using server = await install({ port: PORT });
const recording = join(values.output, "terminal.svg");
await Deno.writeTextFile(recording, await recordTerminal(server));
for (const path of [recording, ...await takeScreenshots(server, values.output)]) console.log(path);
