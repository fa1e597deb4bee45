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
    .option("-o, --output <file>", "with --plan, also write the plan to a file, to approve it")
    .option("--approved <file>", "apply only if the plan is still that of this file")
    .option(
      "--release <thing>",
      "manage by hand again what a file manages: KIND/NAME, such as client/billing, or all of a file by its name (repeatable)",
      (thing: string, previous: string[] = []) => [...previous, thing],
    )
    .option("--print", "print what the server has as a file to begin with")
    .option("--schema", "print the JSON Schema of the files, for editors")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin apply -f auth.toml --plan`, "print what would change"],
        [`${bin} admin apply -f auth.toml --yes`, "apply it, in CI"],
        [`${bin} admin apply --print --name prod > auth.toml`, "begin with what the server has"],
        [`${bin} admin apply --release client/billing`, "manage one client by hand again"],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./apply/apply.ts")).adminApply(options, io))
    );
}
