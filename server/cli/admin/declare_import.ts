import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareImport(admin: Command, server: Run<ServerIo>): void {
  const imports = admin.command("import").description("import users of another system");
  database(imports.command("users"))
    .description("import users, with the hashes of their passwords")
    .argument("<file>", "file with the users; - for standard input")
    .option("--format <format>", "jsonl, csv, auth0 or keycloak (default: by the name of the file)")
    .option("--dry-run", "check the file and the accounts that exist, and change nothing")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin import users users.jsonl --dry-run`, "check a file"],
        [`${bin} admin import users users.csv`, "import it, or what is left after an interruption"],
        [
          `${bin} admin import users realm.json --format keycloak`,
          "import a realm export of Keycloak",
        ],
        [
          `zcat export.json.gz | ${bin} admin import users - --format auth0`,
          "import an export of Auth0",
        ],
      ),
    )
    .action((file, options) =>
      server(async (io) => (await import("./import/users.ts")).adminImportUsers(file, options, io))
    );
}
