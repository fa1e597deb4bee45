/** `pat`: personal access tokens, for CI and scripts. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ClientIo } from "../../io.ts";
import { account, collect, noBrowser, owner, server } from "../options.ts";

const bin = brand.binaryName;

export function declare(pat: Command, client: Run<ClientIo>): void {
  pat.command("create")
    .description("make a token; the secret alone goes to standard output")
    // Not requiredOption, which hides the mistake in `--nmae ci`.
    .option("--name <name>", "what it is for")
    .option("--scope <scope>", "what it may do (repeatable)", collect)
    .option("--expires <when>", "90d, 12h, 2027-01-31, or never (default: the server's)")
    .option(
      "--allow-address <network>",
      "where it may be used from, such as 10.0.0.0/8 (repeatable; default: anywhere)",
      collect,
    )
    .option("--for <account>", "administrators: the service account to make it for")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "all about it, the secret included, as JSON")
    .addHelpText(
      "after",
      examples(
        [
          `gh secret set DEPLOY_TOKEN < <(${bin} pat create --name ci --scope deploy --expires 90d)`,
          "for a repository's workflows, seen by nobody",
        ],
        [
          `${bin} pat create --name build --scope read --allow-address 203.0.113.0/24`,
          "usable from one network",
        ],
      ),
    )
    .action((options, command: Command) => {
      if (options.name === undefined) {
        command.error("error: required option '--name <name>' not specified");
      }
      return client(async (io) => (await import("./create.ts")).patCreate(options, io));
    });

  pat.command("list")
    .description("list your tokens, and warn of those that end soon")
    .option("--search <text>", "part of a name, or the beginning of a token")
    .option("--ended", "those that were revoked or have expired, too")
    .option("--all", "administrators: everybody's")
    .option("--for <account>", "administrators: those of a service account, or of a person")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([`${bin} pat list`, "for you"], [
        `${bin} pat list --json | jq -r '.[] | select(.last_used_at == null) | .name'`,
        "those that nobody has used",
      ]),
    )
    .action((options) => client(async (io) => (await import("./list.ts")).patList(options, io)));

  pat.command("show")
    .description("all about one token")
    .argument(
      "[token]",
      `its name, id or beginning (default: the one in ${brand.envPrefix}_TOKEN)`,
    )
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([`${bin} pat show ci`, "by its name"], [
        `${bin} pat show --json | jq -r .expires_at`,
        "in a job: until when its own token lives",
      ]),
    )
    .action((name, options) =>
      client(async (io) => (await import("./show.ts")).patShow(name, options, io))
    );

  pat.command("rotate")
    .description("give a token a new secret, which alone goes to standard output")
    .argument("<token>", "its name, id or beginning")
    .option("--overlap <duration>", "how long the old one works on: 0, 10m, 1h, 7d", "1h")
    .option("--expires <when>", "90d, 12h, 2027-01-31, or never (default: as long as the old one)")
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "all about it, the secret included, as JSON")
    .addHelpText(
      "after",
      examples([
        `gh secret set DEPLOY_TOKEN < <(${bin} pat rotate ci)`,
        "jobs that run already keep theirs for an hour",
      ], [`${bin} pat rotate ci --overlap 0`, "the old one ends at once"]),
    )
    .action((name, options) =>
      client(async (io) => (await import("./rotate.ts")).patRotate(name, options, io))
    );

  declarePatImport(pat, client);

  pat.command("revoke")
    .description("end tokens at once")
    .argument("<tokens...>", "their names, ids or beginnings")
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "what was ended, as JSON")
    .addHelpText("after", examples([`${bin} pat revoke ci`, "by its name"]))
    .action((names, options) =>
      client(async (io) => (await import("./revoke.ts")).patRevoke(names, options, io))
    );
}

function declarePatImport(pat: Command, client: Run<ClientIo>): void {
  pat.command("import")
    .description("administrators: take over tokens of an older deployment by their hashes")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "what was imported, as JSON")
    .addHelpText(
      "after",
      examples([
        `${bin} pat import < tokens.jsonl`,
        'lines such as {"token_hash":"9f86…","name":"ci","owner":"alice@example.com",' +
        '"scopes":["deploy"],"expires_at":null}',
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./import.ts")).patImport(options, io))
    );
}
