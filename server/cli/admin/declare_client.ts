import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareClient(admin: Command, server: Run<ServerIo>): void {
  const client = admin.command("client").description("manage APIs that may introspect tokens");
  database(client.command("add"))
    .description("register an API and print its secret once")
    .argument("<name>", "name of the API")
    .option("--json", "print the client id and the secret as JSON")
    .addHelpText(
      "after",
      examples([`${bin} admin client add billing`, "print the client id and secret"]),
    )
    .action((name, options) =>
      server(async (io) => (await import("./client.ts")).adminClientAdd(name, options, io))
    );
  tableOptions(database(client.command("list")))
    .description("list registered APIs")
    .addHelpText("after", examples([`${bin} admin client list`, "list all registered APIs"]))
    .action((options) =>
      server(async (io) => (await import("./client.ts")).adminClientList(options, io))
    );
  database(client.command("remove"))
    .description("remove an API; its secret stops working at once")
    .argument("<id>", "client id")
    .addHelpText(
      "after",
      examples([`${bin} admin client remove ID`, "with an id from `admin client list`"]),
    )
    .action((id, options) =>
      server(async (io) => (await import("./client.ts")).adminClientRemove(id, options, io))
    );
}
