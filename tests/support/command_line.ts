/** The whole command line, every command with its options, for tests that look at it. */
import type { Command } from "commander";
import { loginCommands, tokenCommands } from "../../client/commands.ts";
import { serverCommands } from "../../server/cli/commands.ts";
import { buildCommandLine, commandGroup } from "../../shared/command_line.ts";

export async function wholeCommandLine(): Promise<Command> {
  const ignored = () => Promise.resolve();
  return await buildCommandLine(
    [
      commandGroup("Log in:", loginCommands, ignored),
      commandGroup("Use tokens:", tokenCommands, ignored),
      commandGroup("Run a server:", serverCommands, ignored),
    ],
    { stdout() {}, stderr() {}, stdoutColumns: () => 80 },
    { version: "test" },
  );
}
