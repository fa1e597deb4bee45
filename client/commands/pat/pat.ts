/** `pat`: personal access tokens, for CI and scripts. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ClientIo } from "../../io.ts";
import {
  account,
  collect,
  expires,
  noBrowser,
  owner,
  scope,
  server,
  tokenStdin,
} from "../options.ts";

const bin = brand.binaryName;

export function declare(pat: Command, client: Run<ClientIo>): void {
  declareCreate(pat, client);
  declareList(pat, client);
  declareShow(pat, client);
  declareEdit(pat, client);
  declareRotate(pat, client);
  declareRevoke(pat, client);
  declareImport(pat, client);
}

function declareCreate(pat: Command, client: Run<ClientIo>): void {
  pat.command("create")
    .description("create a token and print its secret")
    // Not requiredOption, which hides the mistake in `--nmae ci`.
    .option("--name <name>", "a name for it")
    .option("--description <text>", "what it is for")
    .addOption(scope("what it permits; prompts on a terminal if omitted"))
    .addOption(expires("the server's"))
    .option(
      "--allow-address <network>",
      "where it may be used from, such as 10.0.0.0/8 (repeatable; default: anywhere)",
      collect,
    )
    .option("--for <resource>", "the resource that accepts it (default: the default one)")
    .option("--owner <account>", "administrators: create it for this service account")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print the token and its secret as JSON")
    .addHelpText(
      "after",
      examples(
        [
          `gh secret set DEPLOY_TOKEN < <(${bin} pat create --name ci --scope deploy --expires 90d)`,
          "store it as a repository secret",
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
}

function declareList(pat: Command, client: Run<ClientIo>): void {
  tableOptions(pat.command("list"))
    .description("list your tokens, with a warning for those that expire soon")
    .option("--search <text>", "part of a name, or the prefix of a token")
    .option("--inactive", "include revoked and expired tokens")
    .option("--all", "administrators: all accounts' tokens")
    .option("--owner <account>", "administrators: this account's tokens")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .addHelpText(
      "after",
      examples([`${bin} pat list`, "list the tokens that work"], [
        `${bin} pat list --json | jq -r '.[] | select(.lastUsedAt == null) | .name'`,
        "tokens that were never used",
      ]),
    )
    .action((options) => client(async (io) => (await import("./list.ts")).patList(options, io)));
}

function declareShow(pat: Command, client: Run<ClientIo>): void {
  pat.command("show")
    .description("show a token")
    .argument(
      "[token]",
      `its name, id or prefix (default: the token in ${brand.envPrefix}_TOKEN)`,
    )
    .addOption(tokenStdin())
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} pat show ci`, "by its name"], [
        `${bin} pat show --json | jq -r .expiresAt`,
        "in a CI job: when its own token expires",
      ]),
    )
    .action((name, options) =>
      client(async (io) => (await import("./show.ts")).patShow(name, options, io))
    );
}

function declareEdit(pat: Command, client: Run<ClientIo>): void {
  pat.command("edit")
    .description("change the name, description, scopes or addresses of a token")
    .argument("<token>", "its name, id or prefix")
    .option("--name <name>", "a new name for it")
    .option("--description <text>", "what it is for; '' removes the description")
    .addOption(scope("the scopes that it keeps; none can be added"))
    .option(
      "--allow-address <network>",
      "where it may be used from, in place of the addresses it has (repeatable)",
      collect,
    )
    .option("--allow-any-address", "let it be used from anywhere")
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print the token as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} pat edit ci --name deploys --description "Deploys from GitHub"`, "rename it"],
        [`${bin} pat edit ci --scope read`, "take every other scope from it"],
        [`${bin} pat edit ci --allow-address 203.0.113.0/24`, "bind it to a network"],
      ),
    )
    .action((name, options) =>
      client(async (io) => (await import("./edit.ts")).patEdit(name, options, io))
    );
}

function declareRotate(pat: Command, client: Run<ClientIo>): void {
  pat.command("rotate")
    .description("give a token a new secret and print it")
    .argument("<token>", "its name, id or prefix")
    .option("--overlap <duration>", "how long the old secret works: 0, 10m, 1h, 7d", "1h")
    .addOption(expires("as long as the old one"))
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print the token and its secret as JSON")
    .addHelpText(
      "after",
      examples([
        `gh secret set DEPLOY_TOKEN < <(${bin} pat rotate ci)`,
        "running jobs can use the old secret for an hour",
      ], [`${bin} pat rotate ci --overlap 0`, "revoke the old secret immediately"]),
    )
    .action((name, options) =>
      client(async (io) => (await import("./rotate.ts")).patRotate(name, options, io))
    );
}

function declareImport(pat: Command, client: Run<ClientIo>): void {
  pat.command("import")
    .description("administrators: import tokens of an older deployment by their hashes")
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print the imported tokens as JSON")
    .addHelpText(
      "after",
      examples([
        `${bin} pat import < tokens.jsonl`,
        'lines such as {"tokenHash":"9f86…","name":"ci","owner":"alice@example.com",' +
        '"scopes":["deploy"],"expiresAt":null}',
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./import.ts")).patImport(options, io))
    );
}

function declareRevoke(pat: Command, client: Run<ClientIo>): void {
  pat.command("revoke")
    .description("revoke tokens; they stop working immediately")
    .argument("[tokens...]", "their names, ids or prefixes")
    .addOption(tokenStdin("read tokens from standard input, one per line"))
    .addOption(owner())
    .addOption(server())
    .addOption(account())
    .addOption(noBrowser())
    .option("--json", "print the revoked tokens as JSON")
    .addHelpText(
      "after",
      examples([`${bin} pat revoke ci`, "by its name"], [
        `${bin} pat revoke --token-stdin < token.txt`,
        "a token whose secret you have",
      ]),
    )
    .action((names, options) =>
      client(async (io) => (await import("./revoke.ts")).patRevoke(names, options, io))
    );
}
