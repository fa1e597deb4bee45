import { type Command, Option } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { collectChoices } from "../collect_choices.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

const ALGORITHMS = ["ES256", "EdDSA", "RS256", "Ed25519"];
const CLAIMS = ["email", "groups"];
const CLEARABLE = ["title", "access-lifetime", "signing-algorithm", "claim"];

export function declareResource(admin: Command, server: Run<ServerIo>): void {
  const resource = admin.command("resource")
    .description("manage resources: APIs that tokens are issued for, each with scopes of its own");
  settings(database(resource.command("add")))
    .description("add a resource, whose tokens only that API accepts")
    .argument("<name>", "name of the resource, for --for, --resource and /auth/verify?resource=")
    .argument("<identifier>", "https URL of the API, the audience (aud) of its tokens")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin resource add orders https://orders.example.com ` +
          `--title "Orders" --scope "orders:read=See your orders"`,
          "an API with a scope",
        ],
      ),
    )
    .action((name, identifier, options) =>
      server(async (io) =>
        (await import("./resource/add.ts")).adminResourceAdd({ name, identifier }, options, io)
      )
    );
  tableOptions(database(resource.command("list")))
    .description("list resources")
    .addHelpText("after", examples([`${bin} admin resource list`, "list all resources"]))
    .action((options) =>
      server(async (io) => (await import("./resource/list.ts")).adminResourceList(options, io))
    );
  database(resource.command("show"))
    .description("show a resource and its scopes")
    .argument("<name>", "name or identifier of the resource")
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin resource show orders`, "show one resource"]))
    .action((name, options) =>
      server(async (io) =>
        (await import("./resource/show.ts")).adminResourceShow(name, options, io)
      )
    );
  settings(database(resource.command("update")))
    .description("change a resource; its name and identifier cannot be changed")
    .argument("<name>", "name of the resource")
    .option("--remove-scope <scope>", "remove a scope from it (repeatable)", collect)
    .addOption(
      new Option(
        "--clear <setting>",
        `remove the ${CLEARABLE.slice(0, -1).join(", ")} or ${CLEARABLE.at(-1)} (repeatable)`,
      )
        .argParser(collectChoices(CLEARABLE)),
    )
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin resource update orders --scope "orders:cancel=Cancel your orders"`,
          "add a scope, or describe it differently",
        ],
        [`${bin} admin resource update orders --remove-scope orders:cancel`, "remove a scope"],
      ),
    )
    .action((name, options) =>
      server(async (io) =>
        (await import("./resource/update.ts")).adminResourceUpdate(name, options, io)
      )
    );
  database(resource.command("remove"))
    .description("remove a resource; its tokens are rejected")
    .argument("<name>", "name of the resource")
    .addHelpText(
      "after",
      examples([`${bin} admin resource remove orders`, "what used it is printed"]),
    )
    .action((name, options) =>
      server(async (io) =>
        (await import("./resource/remove.ts")).adminResourceRemove(name, options, io)
      )
    );
}

function settings(command: Command): Command {
  return command
    .option("--title <title>", "how users know it, as the approval page shows it")
    .option(
      "--scope <scope=description>",
      "scope of its tokens, described as the approval page shows it (repeatable)",
      collect,
    )
    .option(
      "--admin-scope <scope=description>",
      "the same, for administrators only (repeatable)",
      collect,
    )
    .option(
      "--scope-group <scope=group>",
      "group whose members can have a declared scope, instead of all users (repeatable)",
      collect,
    )
    .option(
      "--scope-factor <scope=factor>",
      "what approving a declared scope needs: 2fa, phr (a passkey) or any (repeatable)",
      collect,
    )
    .option(
      "--login-only <scope>",
      "declared scope that no personal access token can have (repeatable)",
      collect,
    )
    .option("--access-lifetime <duration>", "lifetime of its access tokens, at most 24h")
    .addOption(
      new Option(
        "--signing-algorithm <algorithm>",
        "how its tokens are signed (default: as configured)",
      ).choices(ALGORITHMS),
    )
    .addOption(
      new Option(
        "--claim <claim>",
        `claim that its access tokens have as well: ${CLAIMS.join(", ")} (repeatable)`,
      )
        .argParser(collectChoices(CLAIMS)),
    );
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}
