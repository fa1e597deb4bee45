import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;
const NAME = "name of the directory";

export function declareScim(admin: Command, server: Run<ServerIo>): void {
  const scim = admin.command("scim")
    .description("connect directories, such as Okta and Entra ID, that provision users and groups");
  domains(database(scim.command("add")))
    .description("connect a directory and print its token once")
    .argument("<name>", "name of the directory; okta:Deployers is then a group of it")
    .option("--json", "print the URL and the token as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin scim add okta`, "a directory that creates new accounts"],
        [
          `${bin} admin scim add entra --allow-domain example.com`,
          "it also takes over the accounts of example.com that exist",
        ],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./scim/add.ts")).adminScimAdd(name, options, io))
    );
  tableOptions(database(scim.command("list")))
    .description("list directories")
    .addHelpText("after", examples([`${bin} admin scim list`, "when each was last used"]))
    .action((options) =>
      server(async (io) => (await import("./scim/list.ts")).adminScimList(options, io))
    );
  database(scim.command("show"))
    .description("show a directory")
    .argument("<name>", NAME)
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin scim show okta`, "URL, domains and token"]))
    .action((name, options) =>
      server(async (io) => (await import("./scim/show.ts")).adminScimShow(name, options, io))
    );
  domains(database(scim.command("update")))
    .description("change the mail domains of a directory")
    .argument("<name>", NAME)
    .addOption(
      new Option(
        "--clear <setting>",
        "take over no accounts, and create those of any domain: allow-domain",
      ).argParser(collectChoices(["allow-domain"])),
    )
    .addHelpText(
      "after",
      examples([
        `${bin} admin scim update okta --allow-domain example.com`,
        "these domains, and no others",
      ]),
    )
    .action((name, options) =>
      server(async (io) => (await import("./scim/update.ts")).adminScimUpdate(name, options, io))
    );
  database(scim.command("rotate-token"))
    .description("replace the token of a directory; both work for a while")
    .argument("<name>", NAME)
    .option("--overlap <duration>", "how long the previous token works (default: 24h)")
    .addHelpText(
      "after",
      examples([`${bin} admin scim rotate-token okta --overlap 0s`, "after the token leaked"]),
    )
    .action((name, options) =>
      server(async (io) =>
        (await import("./scim/rotate_token.ts")).adminScimRotateToken(name, options, io)
      )
    );
  for (const [command, disabled] of [["disable", true], ["enable", false]] as const) {
    database(scim.command(command))
      .description(
        disabled
          ? "reject the requests of a directory until it is enabled again"
          : "enable a disabled directory",
      )
      .argument("<name>", NAME)
      .addHelpText(
        "after",
        examples([`${bin} admin scim ${command} okta`, "its accounts stay as they are"]),
      )
      .action((name, options) =>
        server(async (io) =>
          (await import("./scim/disable.ts")).adminScimDisable(name, disabled, options, io)
        )
      );
  }
  database(scim.command("remove"))
    .description("disconnect a directory; its accounts stay, its groups lose their members")
    .argument("<name>", NAME)
    .addHelpText("after", examples([`${bin} admin scim remove okta`, "its token stops working"]))
    .action((name, options) =>
      server(async (io) => (await import("./scim/remove.ts")).adminScimRemove(name, options, io))
    );
}

function domains(command: Command): Command {
  return command.option(
    "--allow-domain <domain>",
    "provision only addresses of this mail domain, and take over its existing accounts (repeatable; default: any, and take over none)",
    (domain: string, previous: string[] = []) => [...previous, domain],
  );
}
