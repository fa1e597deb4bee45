import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
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
}
