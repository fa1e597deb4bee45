/** What the program's own parser says about a command line, without running the command. */
import type { Command } from "commander";
import { AUTH_SHORTCUTS } from "../../../client/commands.ts";
import { commandRequest } from "../../../shared/command_request.ts";
import { CommanderError } from "../../../shared/command_line.ts";
import { wholeCommandLine } from "../../../tasks/reference/whole_command_line.ts";

/** Returns a function that returns the parser's message, or undefined for a valid command line. */
export async function commandMistakes(): Promise<
  (args: readonly string[]) => Promise<string | undefined>
> {
  const program = await wholeCommandLine();
  let message = "";
  const listen = (command: Command) => {
    command.configureOutput({ writeOut() {}, writeErr: (text) => void (message += text) });
    command.commands.forEach(listen);
  };
  listen(program);
  return async (typed) => {
    message = "";
    const args = typed[0] === "auth" && AUTH_SHORTCUTS.has(typed[1]) ? typed.slice(1) : [...typed];
    const request = commandRequest(program, args);
    if (request.kind === "help") return undefined;
    try {
      await program.parseAsync(request.kind === "unknown" ? request.path : args, { from: "user" });
      return undefined;
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      return error.exitCode === 0 ? undefined : message.split("\n")[0];
    }
  };
}
