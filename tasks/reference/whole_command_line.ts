/** The whole command line, every command with its options, for what describes or tests all of it. */
import type { Command } from "commander";
import { commandGroups } from "../../program.ts";
import { buildCommandLine, commandGroup } from "../../shared/command_line.ts";

export async function wholeCommandLine(): Promise<Command> {
  const ignored = () => Promise.resolve();
  return await buildCommandLine(
    commandGroups(commandGroup, ignored, ignored),
    { stdout() {}, stderr() {}, stdoutColumns: () => 80, bold: (text) => text },
    { version: "test" },
  );
}
