import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareApply(admin: Command, server: Run<ServerIo>): void {
  database(admin.command("apply"))
    .description("make clients, resources, groups and more what files declare")
    .option(
      "-f, --file <path>",
      "TOML or JSON file, a folder of them, or - for standard input (repeatable)",
      (path: string, previous: string[] = []) => [...previous, path],
    )
    .option("--plan", "only print what would change")
    .option(
      "--name <name>",
      "name of what the files declare (default: as in the file, else its name)",
    )
    .option("--adopt", "also manage what exists and was added by hand")
    .option("--force", "also do what is dangerous")
    .option("-y, --yes", "do not ask for confirmation")
    .option("--detailed-exitcode", "with --plan, exit with 2 if there are changes")
    .option("--json", "print the plan as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin apply -f auth.toml --plan`, "print what would change"],
        [`${bin} admin apply -f auth.toml --yes`, "apply it, in CI"],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./apply/apply.ts")).adminApply(options, io))
    );
}
