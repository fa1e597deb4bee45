import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

const TEMPLATES = ["google", "entra", "okta", "github", "gitlab", "keycloak", "generic"];
const CLEARABLE = ["title", "allow-domain", "groups-claim", "scope", "acr-value"];

export function declareIdp(admin: Command, server: Run<ServerIo>): void {
  const idp = admin.command("idp")
    .description(
      "manage identity providers: where users sign in with an account they have already",
    );
  settings(database(idp.command("add")))
    .description("add an identity provider")
    .addArgument(
      idp.createArgument("<template>", `kind of provider: ${TEMPLATES.join(", ")}`)
        .choices(TEMPLATES),
    )
    .option("--name <name>", "name, which is part of the redirect URI (default: the template's)")
    .option("--issuer <url>", "issuer (default: the template's, if it has one)")
    .requiredOption("--client-id <id>", "client ID that the provider has given this server")
    .option("--client-secret-stdin", "read the client secret from standard input")
    .option("--client-secret-file <file>", "read the client secret from a file")
    .option("--disabled", "add it disabled, to test it before users see it")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin idp add google --client-id ID --client-secret-stdin ` +
          "--allow-domain acme.com < secret.txt",
          "users of acme.com sign in with Google",
        ],
        [
          `${bin} admin idp add okta --issuer https://acme.okta.com --client-id ID ` +
          "--client-secret-stdin --allow-domain acme.com --required < secret.txt",
          "users of acme.com cannot use a password any more",
        ],
      ),
    )
    .action((template, options) =>
      server(async (io) => (await import("./idp/add.ts")).adminIdpAdd(template, options, io))
    );
  tableOptions(database(idp.command("list")))
    .description("list identity providers")
    .addHelpText("after", examples([`${bin} admin idp list`, "list all identity providers"]))
    .action((options) =>
      server(async (io) => (await import("./idp/list.ts")).adminIdpList(options, io))
    );
  database(idp.command("show"))
    .description("show an identity provider, with the redirect URI to register there")
    .argument("<name>", "name of the identity provider")
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin idp show okta`, "show one identity provider"]))
    .action((name, options) =>
      server(async (io) => (await import("./idp/show.ts")).adminIdpShow(name, options, io))
    );
  settings(database(idp.command("update")))
    .description("change an identity provider; its name, template and issuer cannot be changed")
    .argument("<name>", "name of the identity provider")
    .option("--client-id <id>", "client ID that the provider has given this server")
    .option("--client-secret-stdin", "read a new client secret from standard input")
    .option("--client-secret-file <file>", "read a new client secret from a file")
    .option("--no-required", "let users of its domains use a password again")
    .option("--no-trust-addresses", "count only addresses that it calls verified")
    .option("--no-trust-acr", "do not count its acr and amr")
    .option("--no-recheck", "keep no refresh tokens, and forget those that are kept")
    .addOption(
      new Option("--clear <setting>", `remove the ${CLEARABLE.join(", ")} (repeatable)`)
        .argParser(collectChoices(CLEARABLE)),
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} admin idp update okta --groups-claim groups`, "take groups from a claim"],
        [
          `${bin} admin idp update okta --client-secret-stdin < secret.txt`,
          "replace the client secret",
        ],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./idp/update.ts")).adminIdpUpdate(name, options, io))
    );
  database(idp.command("test"))
    .description("sign in with a browser, and show what would happen; nothing is changed")
    .argument("<name>", "name of the identity provider, which may be disabled")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} admin idp test okta`, "print a link, and wait for the browser"]),
    )
    .action((name, options) =>
      server(async (io) => (await import("./idp/test.ts")).adminIdpTest(name, options, io))
    );
  for (const [verb, effect] of [["disable", "no one can sign in with it"], ["enable", ""]]) {
    database(idp.command(verb))
      .description(`${verb} an identity provider${effect && `; ${effect}`}`)
      .argument("<name>", "name of the identity provider")
      .addHelpText("after", examples([`${bin} admin idp ${verb} okta`, `${verb} one`]))
      .action((name, options) =>
        server(async (io) =>
          (await import("./idp/disable.ts")).adminIdpDisable(
            { name, disabled: verb === "disable" },
            options,
            io,
          )
        )
      );
  }
  database(idp.command("remove"))
    .description("remove an identity provider, and the links of users to their accounts there")
    .argument("<name>", "name of the identity provider")
    .addHelpText("after", examples([`${bin} admin idp remove okta`, "how many lose it is printed"]))
    .action((name, options) =>
      server(async (io) => (await import("./idp/remove.ts")).adminIdpRemove(name, options, io))
    );
  tableOptions(database(idp.command("queue")))
    .description("list first sign-ins that wait for an administrator")
    .option("--denied", "list those that were denied as well")
    .addHelpText("after", examples([`${bin} admin idp queue`, "list who waits"]))
    .action((options) =>
      server(async (io) => (await import("./idp/queue.ts")).adminIdpQueue(options, io))
    );
  for (
    const [verb, effect] of [["approve", "creates the user"], ["deny", "the account stays out"]]
  ) {
    database(idp.command(verb))
      .description(`${verb} a first sign-in; ${effect}`)
      .argument("<request>", "ID or e-mail address of the request, see admin idp queue")
      .addHelpText("after", examples([`${bin} admin idp ${verb} bob@acme.com`, `${verb} one`]))
      .action((request, options) =>
        server(async (io) =>
          (await import("./idp/decide.ts")).adminIdpDecide(
            { request, approve: verb === "approve" },
            options,
            io,
          )
        )
      );
  }
}

function settings(command: Command): Command {
  return command
    .option("--title <title>", "how users know it, as its button has it")
    .option(
      "--allow-domain <domain>",
      "mail domain whose users may sign in, and whose addresses it vouches for (repeatable)",
      collect,
    )
    .option("--required", "users of these domains sign in with it, and not with a password")
    .addOption(
      new Option(
        "--first-sign-in <policy>",
        "what happens to accounts without a user (default: allow, or queue if anyone can get one)",
      ).choices(["allow", "queue", "refuse"]),
    )
    .option("--groups-claim <claim>", "claim with the groups of users, such as groups")
    .option("--trust-addresses", "count every address that it sends as verified")
    .option("--trust-acr", "count its acr and amr, such as mfa, as second factors")
    .option(
      "--acr-value <value=level>",
      "acr or amr that counts as 2fa or phr, besides the usual ones (repeatable)",
      collect,
    )
    .option("--recheck", "keep refresh tokens, to check later whether accounts still exist")
    .option("--scope <scope>", "scope to request besides the usual ones (repeatable)", collect);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
