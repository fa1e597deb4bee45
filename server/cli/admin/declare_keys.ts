import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import { SIGNING_ALGORITHMS } from "../../config/settings/tokens.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareKeys(admin: Command, server: Run<ServerIo>): void {
  const keys = admin.command("keys").description("manage signing keys");
  tableOptions(database(keys.command("list")))
    .description("list signing keys and their states")
    .addHelpText("after", examples([`${bin} admin keys list`, "list all published keys"]))
    .action((options) =>
      server(async (io) => (await import("./keys.ts")).adminKeysList(options, io))
    );
  database(keys.command("rotate"))
    .description("sign with the next key")
    .option("--force", "do not wait until verifiers have fetched the next key")
    .addHelpText("after", examples([`${bin} admin keys rotate`, "switch to the next key"]))
    .action((options) =>
      server(async (io) => (await import("./keys.ts")).adminKeysRotate(options, io))
    );
  database(keys.command("remove"))
    .description("remove a key that has leaked: its tokens are rejected at once")
    .argument("<kid>", "key ID; one that starts with - after --")
    .option("--yes", "do not ask for confirmation")
    .addHelpText("after", examples([`${bin} admin keys remove SBjWMbi1XO_kWhxJ`, "remove a key"]))
    .action((kid, options) =>
      server(async (io) => (await import("./keys_remove.ts")).adminKeysRemove(kid, options, io))
    );
  database(keys.command("import"))
    .description("sign with a key of your own, in PEM (PKCS#8) or as a JWK")
    .argument("<file>", "file with the private key; - for standard input")
    .addOption(
      new Option("--algorithm <name>", "its algorithm, if more than one fits")
        .choices(SIGNING_ALGORITHMS),
    )
    .option("--activate", "sign with it as soon as verifiers have fetched it")
    .option("--force", "with --activate: do not wait until verifiers have fetched it")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin keys import key.pem --activate`, "replace the key that signs"],
        [`openssl pkey -in encrypted.pem | ${bin} admin keys import -`, "add an encrypted key"],
      ),
    )
    .action((file, options) =>
      server(async (io) => (await import("./keys_import.ts")).adminKeysImport(file, options, io))
    );
}
