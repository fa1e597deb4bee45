/** The commands around personal access tokens and programs that need a token. */
import { type Command, Option } from "commander";
import { brand } from "../shared/brand.ts";
import { examples } from "../shared/command_examples.ts";
import type { ClientIo } from "./io.ts";

const bin = brand.binaryName;

type Run = (run: (io: ClientIo) => Promise<number>) => Promise<void>;

const server = () => new Option("--server <url>", "the server (default: the active login's)");
const account = () => new Option("--account <name>", "the account, where there are several");
const noBrowser = () =>
  new Option("--no-browser", "where approval is needed: only print where to approve");
const exchange = (command: Command) =>
  command.option("--exchange", `trade the token in ${brand.envPrefix}_TOKEN for a short JWT`);
const owner = () => new Option("--for <account>", "administrators: the account it belongs to");
/** For options that may be given several times. */
const collect = (value: string, all: string[] = []) => [...all, value];

export function declareTokenCommands(program: Command, client: Run): void {
  declarePat(program, client);

  exchange(program.command("exec"))
    .description("run a program with a valid token in its environment")
    .argument("<command...>", "after --: the program and its arguments")
    .addOption(server())
    .addOption(account())
    .option("--env <name>", "another variable for the token (repeatable)", collect)
    .option("--min-ttl <duration>", "renew if less is left: 90, 90s, 5m, 1h", "60s")
    .addHelpText(
      "after",
      examples(
        [`${bin} exec -- make deploy`, `the token is in ${brand.envPrefix}_TOKEN`],
        [`${bin} exec --env API_TOKEN -- ./deploy.sh production`, "in API_TOKEN as well"],
      ),
    )
    .action((command, options) =>
      client(async (io) => (await import("./commands/exec.ts")).exec(command, options, io))
    );

  declareAuth(program, client);

  program.command("scan")
    .description("look for tokens where none belong; exits 1 if there are any")
    .argument("[paths...]", "files, folders, and - for standard input (default: this folder)")
    .option("--staged", "what the next git commit adds")
    .option("--stdin", "standard input: any text, and what diffs in it add")
    .option("--binary", "binary files too")
    .option("--revoke", "end what is found")
    .option("--url <address>", "with --revoke: where it was found, for the owner")
    .addOption(server())
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} scan --staged`, "in .git/hooks/pre-commit"],
        [`git log -p --all --text | ${bin} scan --stdin`, "all that ever was committed"],
        [`${bin} scan --revoke logs`, "end every token in the folder logs"],
      ),
    )
    .action((paths, options) =>
      client(async (io) => (await import("./commands/scan.ts")).scan(paths, options, io))
    );
}

function declarePat(program: Command, client: Run): void {
  const pat = program.command("pat").description("personal access tokens, for CI and scripts");

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
      return client(async (io) =>
        (await import("./commands/pat/create.ts")).patCreate(options, io)
      );
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
    .action((options) =>
      client(async (io) => (await import("./commands/pat/list.ts")).patList(options, io))
    );

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
      client(async (io) => (await import("./commands/pat/show.ts")).patShow(name, options, io))
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
      client(async (io) => (await import("./commands/pat/rotate.ts")).patRotate(name, options, io))
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
      client(async (io) => (await import("./commands/pat/revoke.ts")).patRevoke(names, options, io))
    );
}

function declarePatImport(pat: Command, client: Run): void {
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
      client(async (io) => (await import("./commands/pat/import.ts")).patImport(options, io))
    );
}

function declareAuth(program: Command, client: Run): void {
  const auth = program.command("auth").description("hand tokens to git, kubectl and docker");
  const hosts = (command: Command) =>
    command
      .addOption(server())
      .addOption(account())
      .option(
        "--host <host>",
        "a host that may have the token, besides the server's own (repeatable)",
        collect,
      )
      .option("--user <name>", "the user name to go with it (default: the account)");

  exchange(hosts(auth.command("git-credential")))
    .description("a credential helper for git")
    .addArgument(auth.createArgument("<operation>", "what git asks for"))
    .addHelpText(
      "after",
      examples([
        `git config --global credential.https://git.example.com.helper ` +
        `'!${bin} auth git-credential --host git.example.com'`,
        "git then asks by itself",
      ]),
    )
    .action((operation, options) =>
      client(async (io) =>
        (await import("./commands/auth/git_credential.ts"))
          .authGitCredential(operation, options, io)
      )
    );

  exchange(auth.command("kubectl"))
    .description("a credential plugin for kubectl")
    .addOption(server())
    .addOption(account())
    .addHelpText(
      "after",
      examples([
        `kubectl config set-credentials me --exec-command=${bin} --exec-arg=auth ` +
        `--exec-arg=kubectl --exec-api-version=client.authentication.k8s.io/v1`,
        "kubectl then asks by itself",
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/auth/kubectl.ts")).authKubectl(options, io))
    );

  exchange(hosts(auth.command("docker")))
    .description("a credential helper for docker")
    .addArgument(
      auth.createArgument("<operation>", "what docker asks for")
        .choices(["get", "list", "store", "erase", "version"]),
    )
    .addHelpText(
      "after",
      examples([
        `ln -s "$(command -v ${bin})" ~/.local/bin/docker-credential-${bin}`,
        `docker then finds it as "credHelpers": {"registry.example.com": "${bin}"}`,
      ]),
    )
    .action((operation, options) =>
      client(async (io) =>
        (await import("./commands/auth/docker.ts")).authDocker(operation, options, io)
      )
    );
}
