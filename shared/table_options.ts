/** The options of every command that prints a table. */
import type { Command } from "commander";

export function tableOptions(command: Command): Command {
  return command
    .option("--wide", "on a terminal: all columns, unshortened")
    .option("--json", "print JSON");
}
