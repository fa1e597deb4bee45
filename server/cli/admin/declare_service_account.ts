import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import { collectScopes, SCOPE_NOTATION } from "../../../shared/oauth/scope_option.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareServiceAccount(admin: Command, server: Run<ServerIo>): void {
  const account = admin.command("service-account")
    .description("manage the accounts that workloads act as");
  const code = () => import("./service_account.ts");
  database(account.command("add"))
    .description("add a service account")
    .argument("<name>", "name of the account")
    .option("--scope <scopes>", `scopes that it may have ${SCOPE_NOTATION}`, collectScopes)
    .addHelpText(
      "after",
      examples([
        `${bin} admin service-account add deployer --scope deploy`,
        "add an account for deployments",
      ]),
    )
    .action((name, options) =>
      server(async (io) => (await code()).adminServiceAccountAdd(name, options, io))
    );
  tableOptions(database(account.command("list")))
    .description("list service accounts")
    .addHelpText(
      "after",
      examples([`${bin} admin service-account list`, "list all service accounts"]),
    )
    .action((options) => server(async (io) => (await code()).adminServiceAccountList(options, io)));
  database(account.command("disable"))
    .description("disable a service account")
    .argument("<name>", "name of the account")
    .addHelpText(
      "after",
      examples([`${bin} admin service-account disable deployer`, "reject its tokens"]),
    )
    .action((name, options) =>
      server(async (io) => (await code()).adminServiceAccountDisable(name, options, io))
    );
  database(account.command("enable"))
    .description("enable a disabled service account")
    .argument("<name>", "name of the account")
    .addHelpText(
      "after",
      examples([`${bin} admin service-account enable deployer`, "accept its tokens again"]),
    )
    .action((name, options) =>
      server(async (io) => (await code()).adminServiceAccountEnable(name, options, io))
    );
}
