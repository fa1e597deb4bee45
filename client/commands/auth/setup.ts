/** The commands of `auth` that set up credential helpers. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples, helpItems } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import { TOOL_NAMES } from "../../helpers/tool_names.ts";
import type { ClientIo } from "../../io.ts";
import { account, exchange, scope, server } from "../options.ts";

const bin = brand.binaryName;

export function declareSetup(auth: Command, client: Run<ClientIo>): void {
  const withTool = (command: Command) =>
    command
      .addArgument(auth.createArgument("<name>", "the program").choices(Object.keys(TOOL_NAMES)))
      .option("--file <path>", "for claude-code: the file (default: .mcp.json)")
      .option("--print", "print the changes, and make none")
      .addHelpText("after", helpItems("Programs:", Object.entries(TOOL_NAMES)));

  withTool(auth.command("install"))
    .description("configure a program to get its tokens from a login")
    .addHelpText(
      "after",
      examples(
        [`${bin} auth install git`, "git gets tokens for the hosts on the list"],
        [`${bin} auth install cargo --print`, "print what would be changed"],
      ),
    )
    .action((name, options) =>
      client(async (io) => (await import("./install.ts")).installHelper(name, options, io))
    );

  withTool(auth.command("uninstall"))
    .description("undo the changes of `auth install`")
    .addHelpText("after", examples([`${bin} auth uninstall git`, "restore git's configuration"]))
    .action((name, options) =>
      client(async (io) => (await import("./install.ts")).uninstallHelper(name, options, io))
    );

  tableOptions(auth.command("list"))
    .description("list the programs that can be configured, and which are")
    .addHelpText("after", examples([`${bin} auth list --wide`, "with the changed files"]))
    .action((options) =>
      client(async (io) => (await import("./install.ts")).listHelpers(options, io))
    );

  const hosts = auth.command("hosts").description("manage the list of hosts that receive tokens");

  tableOptions(hosts.command("list"))
    .description("list the hosts, and the server and account whose token each receives")
    .addHelpText("after", examples([`${bin} auth hosts list`, "print the list"]))
    .action((options) => client(async (io) => (await import("./hosts.ts")).listHosts(options, io)));

  exchange(
    hosts.command("add")
      .description("add hosts that receive tokens, or change their settings")
      .argument("<hosts...>", "git.example.com, registry.example.com:5000 or http://127.0.0.1:8080")
      .addOption(server())
      .addOption(account())
      .option("--for <resource>", "the API that the token is for (default: the server's default)")
      .addOption(scope("the only scopes of the token"))
      .option("--user <name>", "the user name for programs that need one (default: the account)"),
  )
    .addHelpText(
      "after",
      examples(
        [`${bin} auth hosts add git.example.com`, "the host receives tokens of the active login"],
        [
          `${bin} auth hosts add go.example.com --scope read`,
          "the host receives tokens that can only read",
        ],
        [
          `${bin} auth hosts add registry.example.com --server https://auth.example.com`,
          "the host receives tokens of that server",
        ],
      ),
    )
    .action((names, options) =>
      client(async (io) => (await import("./hosts.ts")).addHosts(names, options, io))
    );

  hosts.command("remove")
    .description("remove hosts, which then receive no tokens")
    .argument("<hosts...>", "the hosts as `list` prints them")
    .addHelpText("after", examples([`${bin} auth hosts remove git.example.com`, "remove a host"]))
    .action((names) => client(async (io) => (await import("./hosts.ts")).removeHosts(names, io)));
}
