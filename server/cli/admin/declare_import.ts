import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareImport(admin: Command, server: Run<ServerIo>): void {
  const imports = admin.command("import").description("import users and tokens of another system");
  database(imports.command("users"))
    .description("import users, with the hashes of their passwords")
    .argument("<file>", "file with the users; - for standard input")
    .option("--format <format>", "jsonl, csv, auth0 or keycloak (default: by the name of the file)")
    .option("--no-groups", "leave out the groups of the users")
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
  database(imports.command("tokens"))
    .description("import personal access tokens by their hashes")
    .argument("<file>", "file with the tokens; - for standard input")
    .option("--format <format>", "jsonl or csv (default: by the name of the file)")
    .option("--token-format <name>", "what the tokens look like (default: our own format)")
    .option("--dry-run", "check the file, the owners and the policy, and change nothing")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin import tokens tokens.jsonl --dry-run`, "check a file"],
        [
          `${bin} admin import tokens tokens.csv --token-format acme`,
          "import tokens of another system",
        ],
      ),
    )
    .action((file, options) =>
      server(async (io) =>
        (await import("./import/tokens.ts")).adminImportTokens(file, options, io)
      )
    );
}

export function declareTokenFormat(admin: Command, server: Run<ServerIo>): void {
  const format = admin.command("token-format")
    .description("manage the formats of tokens that were imported from other systems");
  const code = () => import("./token_format.ts");
  database(format.command("add"))
    .description("add a format: what its tokens look like, and how they are hashed")
    .argument("<name>", "name of the format")
    .requiredOption("--pattern <regex>", "regular expression (RE2) for the whole token")
    .requiredOption("--hash <function>", "sha256, sha512, hmac-sha256 or hmac-sha512")
    .option("--hash-key-file <file>", "file with the key of the HMAC; - for standard input")
    .addHelpText(
      "after",
      examples([
        `${bin} admin token-format add acme --pattern 'acme_[A-Za-z0-9]{40}' --hash sha256`,
        "recognize tokens such as acme_1X…",
      ]),
    )
    .action((name, options) =>
      server(async (io) => (await code()).adminTokenFormatAdd(name, options, io))
    );
  tableOptions(database(format.command("list")))
    .description("list formats")
    .addHelpText("after", examples([`${bin} admin token-format list`, "list all formats"]))
    .action((options) => server(async (io) => (await code()).adminTokenFormatList(options, io)));
  database(format.command("remove"))
    .description("remove a format")
    .argument("<name>", "name of the format")
    .option("--force", "remove it even if there are active tokens, which are rejected from then on")
    .addHelpText("after", examples([`${bin} admin token-format remove acme`, "remove a format"]))
    .action((name, options) =>
      server(async (io) => (await code()).adminTokenFormatRemove(name, options, io))
    );
}
