import type { Command } from "commander";
import { wholeCommandLine } from "../tasks/reference/whole_command_line.ts";
import { assertGolden } from "./support/golden.ts";

/** What a terminal has where nothing else is known. */
const COLUMNS = 80;

Deno.test("prints the help of every command", async (t) => {
  for (const [path, text] of helpTexts(await wholeCommandLine())) {
    const name = path === "" ? "program" : path.replaceAll(" ", "-");
    await t.step(name, () => assertGolden(`help/${name}.txt`, text));
  }
});

/** The help of a command and of its subcommands, by path. */
function helpTexts(command: Command, path = ""): [path: string, text: string][] {
  let text = "";
  command.configureOutput({ writeOut: (part) => text += part, getOutHelpWidth: () => COLUMNS });
  command.outputHelp();
  return [
    [path, text],
    ...command.commands.flatMap((child) => helpTexts(child, `${path} ${child.name()}`.trim())),
  ];
}
