/** Options that several of the operator's commands have. */
import type { Command } from "commander";

/** Which database a command uses. */
export const database = (command: Command) =>
  command
    .option("--data-dir <folder>", "where the embedded database lies")
    .option("--database-url <url>", "a PostgreSQL database instead")
    .option("--config <file>", "read settings from this file");
