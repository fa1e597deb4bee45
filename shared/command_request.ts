/** What the arguments name: help that is asked for in any of the usual ways, or a mistake. */
import type { Command } from "commander";

export type CommandRequest =
  | { kind: "help"; command: Command }
  /** The names up to the one that does not exist. */
  | { kind: "unknown"; path: string[] }
  | { kind: "other" };

/** A group of commands has help in place of code: `pat`, `pat --help`, `pat help create`. */
export function commandRequest(program: Command, args: readonly string[]): CommandRequest {
  let command = program;
  let isHelp = false;
  const path: string[] = [];
  for (const [index, word] of args.entries()) {
    const isGroup = command.commands.length > 0;
    if (!isGroup && !isHelp) return { kind: "other" };
    if (word.startsWith("-")) {
      isHelp ||= args.slice(index).some((arg) => arg === "-h" || arg === "--help");
      return isHelp ? { kind: "help", command } : { kind: "other" };
    }
    const child = command.commands.find((child) =>
      child.name() === word || child.aliases().includes(word)
    );
    path.push(word);
    if (child !== undefined && word !== "help") {
      command = child;
    } else if (word === "help" && isGroup) {
      isHelp = true;
      path.pop();
    } else {
      return { kind: "unknown", path };
    }
  }
  const isGroup = command.commands.length > 0;
  return isHelp || isGroup && !runsItself(command) ? { kind: "help", command } : { kind: "other" };
}

/** A command with options of its own is not only a group: `admin audit`, besides its `verify`. */
function runsItself(command: Command): boolean {
  return command.parent !== null && command.options.length > 0;
}
