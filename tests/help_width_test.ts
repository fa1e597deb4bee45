/** Help at the widths of real terminals: whole words, and no line that the terminal has to break. */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { clampHelpWidth } from "../shared/command_help.ts";
import { wrapCommand } from "../shared/wrap_text.ts";
import { wholeCommandLine } from "../tasks/reference/whole_command_line.ts";
import { assertGolden } from "./support/golden.ts";

const program = await wholeCommandLine();

function helpAt(columns: number, command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => text += part,
    getOutHelpWidth: () => clampHelpWidth(columns),
  });
  command.outputHelp();
  return text;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

Deno.test("wraps the help of every command between words, at any width", () => {
  for (const command of everyCommand(program)) {
    for (const columns of [40, 60, 80, 100, 120, 200]) {
      for (const line of helpAt(columns, command).split("\n")) {
        // What is longer is a word, or quoted in a command.
        const isWhole = !line.trim().replace(/^\$ /, "").replace(/ \\$/, "").includes(" ") ||
          /["']/.test(line) || /^ {2}-/.test(line);
        assert.ok(line.length <= columns || isWhole, `${command.name()} at ${columns}: ${line}`);
      }
    }
  }
});

Deno.test("lays out help for narrow and wide terminals", async () => {
  const serve = program.commands.find((command) => command.name() === "serve")!;
  for (const columns of [40, 120]) {
    await assertGolden(`help/width-${columns}/program.txt`, helpAt(columns, program));
    await assertGolden(`help/width-${columns}/serve.txt`, helpAt(columns, serve));
  }
});

Deno.test("continues a long command where a shell can read it", () => {
  assert.deepEqual(wrapCommand("app pat create --name 'two words' | another-one", 24), [
    "app pat create --name \\",
    "  'two words' |",
    "  another-one",
  ]);
});
