import { Argument, type Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { OWNED_KINDS } from "../../store/owners.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareOwner(admin: Command, server: Run<ServerIo>): void {
  const owner = admin.command("owner")
    .description("show who looks after service accounts, rules, clients and resources");
  tableOptions(database(owner.command("list")))
    .description("list what has an owner, and what the operator looks after")
    .argument("[user]", "only what this user owns: e-mail address or id")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin owner list`, "list everything, with its owner"],
        [`${bin} admin owner list bob@example.com`, "list what Bob looks after"],
      ),
    )
    .action((user, options) =>
      server(async (io) => (await import("./owner.ts")).adminOwnerList(user, options, io))
    );
  database(owner.command("set"))
    .description("change the owner, who gets no rights by this")
    .addArgument(new Argument("<kind>", "what it is").choices(OWNED_KINDS))
    .argument("<name>", "its name; of a client its id")
    .argument("[user]", "e-mail address or id of the new owner")
    .option("--operator", "remove the owner")
    .addHelpText(
      "after",
      examples([
        `${bin} admin owner set service-account deployer carol@example.com`,
        "have Carol look after the account",
      ]),
    )
    .action((kind, name, user, options) =>
      server(async (io) =>
        (await import("./owner.ts")).adminOwnerSet(kind, name, user, options, io)
      )
    );
}
