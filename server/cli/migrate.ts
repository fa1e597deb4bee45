/** Flags and help of `migrate`; its code is loaded when it runs. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { tableOptions } from "../../shared/table_options.ts";
import type { ServerIo } from "../io.ts";
import { database } from "./options.ts";

export function declare(command: Command, server: Run<ServerIo>): void {
  const bin = brand.binaryName;
  tableOptions(database(command))
    .option("--status", "list the migrations with the time they were applied, and change nothing")
    .option(
      "--plan",
      "show the pending migrations with the tables that they lock, and change nothing",
    )
    .option(
      "--rename-user <id=address>",
      "change a user's e-mail address, if a migration requires it (repeatable)",
      (value: string, previous: string[] = []) => [...previous, value],
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} migrate --status`, "list applied migrations"],
        [`${bin} migrate --plan`, "before an upgrade: what it locks, and for how many rows"],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./run_migrate.ts")).migrate(options, io))
    );
}
