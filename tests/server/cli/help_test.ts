import type { Command } from "commander";
import { serverCommands } from "../../../server/cli/commands.ts";
import { wholeCommandLine } from "../../support/command_line.ts";
import { assertGolden } from "../../support/golden.ts";

Deno.test("help of every operator's command", async (t) => {
  const program = await wholeCommandLine();
  for (const { name } of serverCommands) {
    const command = program.commands.find((command) => command.name() === name)!;
    for (const [path, text] of helpTexts(command)) {
      await t.step(path, () => assertGolden(`help/${path.replaceAll(" ", "-")}.txt`, text));
    }
  }
});

/** The help of a command and of its subcommands, by path. */
function helpTexts(command: Command, path = command.name()): [path: string, text: string][] {
  let text = "";
  command.configureOutput({ writeOut: (part) => text += part, getOutHelpWidth: () => 100 });
  command.outputHelp();
  return [
    [path, text],
    ...command.commands.flatMap((child) => helpTexts(child, `${path} ${child.name()}`)),
  ];
}
