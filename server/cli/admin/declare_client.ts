import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { collectScopes, SCOPE_NOTATION } from "../../../shared/oauth/scope_option.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

/** Those of the snippets, which are loaded only to print one. */
const SNIPPET_LANGUAGES = ["curl", "go", "python", "node", "rust", "java"];

const GRANTS = ["device", "code", "exchange"];
const DEVICE_FLOW_RULES = ["off", "same-network", "fresh-sign-in"];
const CLEARABLE = [
  "homepage",
  "redirect",
  "scope",
  "resource",
  "device-flow",
  "access-lifetime",
  "refresh-idle",
  "refresh-absolute",
];

export function declareClient(admin: Command, server: Run<ServerIo>): void {
  const client = admin.command("client")
    .description("manage clients: command lines that log in, and APIs that introspect tokens");
  policy(database(client.command("add")))
    .description("register a client and print its secret once, or its id if it is public")
    .argument("<name>", "name of the client, as users see it when they approve a login")
    .option("--public", "a program on users' machines, which cannot keep a secret")
    .option("--confidential", "a service, which gets a secret (default)")
    .option("--id <id>", "client id (default: a random one)")
    .addOption(
      new Option("--snippet <language>", "print a program that logs in with the public client")
        .choices(SNIPPET_LANGUAGES),
    )
    .option("--json", "print the client id and the secret as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin client add billing`, "an API that introspects tokens"],
        [`${bin} admin client add "Acme CLI" --public --id acme-cli`, "a command line"],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./client/add.ts")).adminClientAdd(name, options, io))
    );
  tableOptions(database(client.command("list")))
    .description("list clients")
    .addHelpText("after", examples([`${bin} admin client list`, "list all clients"]))
    .action((options) =>
      server(async (io) => (await import("./client/list.ts")).adminClientList(options, io))
    );
  database(client.command("show"))
    .description("show what a client may do")
    .argument("<id>", "client id")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} admin client show ${brand.cliClientId}`, "the built-in command line"]),
    )
    .action((id, options) =>
      server(async (io) => (await import("./client/show.ts")).adminClientShow(id, options, io))
    );
  database(client.command("snippet"))
    .description("print a small command line that logs in as a public client")
    .argument("<id>", "client id")
    .addOption(
      new Option("--language <language>", "of the program").choices(SNIPPET_LANGUAGES)
        .default("curl"),
    )
    .addHelpText(
      "after",
      examples([
        `${bin} admin client snippet acme-cli --language go > main.go`,
        "with golang.org/x/oauth2",
      ]),
    )
    .action((id, options) =>
      server(async (io) =>
        (await import("./client/snippet.ts")).adminClientSnippet(id, options, io)
      )
    );
  policy(database(client.command("update")))
    .description("change a client; it applies to its present logins too")
    .argument("<id>", "client id")
    .option("--name <name>", "name, as users see it when they approve a login")
    .option(
      "--clear <setting>",
      `remove the ${CLEARABLE.slice(0, -1).join(", ")} or ${CLEARABLE.at(-1)} (repeatable)`,
      collectChoices(CLEARABLE),
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} admin client update acme-cli --scope read`, "let it request only read"],
        [
          `${bin} admin client update acme-cli --device-flow same-network`,
          "approve its logins only from the address of the terminal",
        ],
        [`${bin} admin client update acme-cli --clear scope`, "let it request all scopes again"],
      ),
    )
    .action((id, options) =>
      server(async (io) => (await import("./client/update.ts")).adminClientUpdate(id, options, io))
    );
  database(client.command("rotate-secret"))
    .description("replace a client's secret; both work for a while")
    .argument("<id>", "client id")
    .option("--overlap <duration>", "how long the previous secret works (default: 24h)")
    .addHelpText(
      "after",
      examples([`${bin} admin client rotate-secret ID --overlap 0s`, "after a secret leaked"]),
    )
    .action((id, options) =>
      server(async (io) =>
        (await import("./client/rotate_secret.ts")).adminClientRotateSecret(id, options, io)
      )
    );
  for (const [command, disabled] of [["disable", true], ["enable", false]] as const) {
    database(client.command(command))
      .description(
        disabled ? "disable a client until it is enabled again" : "enable a disabled client",
      )
      .argument("<id>", "client id")
      .addHelpText(
        "after",
        examples([`${bin} admin client ${command} ID`, "with an id from `admin client list`"]),
      )
      .action((id, options) =>
        server(async (io) =>
          (await import("./client/disable.ts")).adminClientDisable(id, disabled, options, io)
        )
      );
  }
  database(client.command("remove"))
    .description("remove a client and revoke its logins")
    .argument("<id>", "client id")
    .addHelpText(
      "after",
      examples([`${bin} admin client remove ID`, "with an id from `admin client list`"]),
    )
    .action((id, options) =>
      server(async (io) => (await import("./client/remove.ts")).adminClientRemove(id, options, io))
    );
}

/** The options that limit what a client may do. */
function policy(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--grant <grant>",
        "allow logins by device code or in the browser, or token exchange: device, code, exchange (repeatable)",
      )
        .argParser(collectChoices(GRANTS)),
    )
    .option(
      "--redirect <uri>",
      "where the browser returns to after a login: an https URI, or loopback for a program on the user's machine (repeatable)",
      (uri: string, previous: string[] = []) => [...previous, uri],
    )
    .addOption(
      new Option(
        "--consent <when>",
        "ask users at each login in the browser, or once (default: always)",
      ).choices([
        "always",
        "remember",
      ]),
    )
    .option("--scope <scopes>", `scopes that it may request ${SCOPE_NOTATION}`, collectScopes)
    .option(
      "--resource <name>",
      "resource that it may get tokens for, and introspect tokens of (repeatable; default: all for logins, and for introspection the default one)",
      (name: string, previous: string[] = []) => [...previous, name],
    )
    .addOption(
      new Option(
        "--device-flow <rule>",
        `restrict its new device logins: ${DEVICE_FLOW_RULES.join(", ")} (repeatable)`,
      )
        .argParser(collectChoices(DEVICE_FLOW_RULES)),
    )
    .option("--homepage <url>", "where users find out more about it")
    .option("--access-lifetime <duration>", "lifetime of its access tokens")
    .option("--refresh-idle <duration>", "its logins expire after this time without use")
    .option("--refresh-absolute <duration>", "its logins expire after this time, used or not");
}
