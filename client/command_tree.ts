/** The client's commands: names, options, examples. Their code is loaded when they run. */
import { type Command, Option } from "commander";
import { brand } from "../shared/brand.ts";
import { examples } from "../shared/command_examples.ts";
import type { ClientIo } from "./io.ts";
import { MANAGEMENT_SCOPES } from "../shared/management.ts";
import { FEDERATION_CHOICES } from "./federation/provider_names.ts";

const bin = brand.binaryName;

export function declareClientCommands(
  program: Command,
  client: (run: (io: ClientIo) => Promise<number>) => Promise<void>,
): void {
  const server = () => new Option("--server <url>", "the server (default: the active login's)");
  const account = () => new Option("--account <name>", "the account, where there are several");

  program.command("login")
    .description("log in with a code that you approve in a browser, on any device")
    .addOption(server())
    .option(
      "--scope <scopes>",
      "what to ask for",
      `openid profile email offline_access ${MANAGEMENT_SCOPES.read}`,
    )
    .option("--no-browser", "do not open a browser")
    .option("--qr", "show the address as a QR code")
    .option("--insecure-storage", "keep the credentials in a file, not in the keychain")
    .addHelpText(
      "after",
      examples(
        [`${bin} login --server https://auth.example.com`, "log in to a server of your own"],
        [`${bin} login --no-browser --qr`, "over SSH: approve on your phone"],
      ),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/login.ts")).login(options, io))
    );

  program.command("logout")
    .description("end the session on the server, then forget its credentials")
    .addOption(server())
    .addOption(account())
    .option("--all", "log out of every server and account")
    .option("--revoke-tokens", "revoke the personal access tokens created with this login, too")
    .option("--force", "forget the credentials even if the server cannot be reached")
    .addHelpText(
      "after",
      examples([`${bin} logout`, "log out of the active account"], [
        `${bin} logout --all`,
        "log out everywhere",
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/logout.ts")).logout(options, io))
    );

  program.command("switch")
    .description("choose the active login among several")
    .argument("[account]", "the account to make active; without it, the other one of two")
    .addOption(server())
    .addHelpText(
      "after",
      examples([`${bin} switch`, "to the other login"], [
        `${bin} switch bob@example.com --server https://auth.example.com`,
        "to a given one",
      ]),
    )
    .action((name, options) =>
      client(async (io) => (await import("./commands/switch.ts")).switchAccount(name, options, io))
    );

  program.command("status")
    .description("say who is logged in, where, with credentials from where, and until when")
    .option("--json", "as JSON; exits 0 whether logged in or not")
    .addHelpText(
      "after",
      examples([`${bin} status`, "for you"], [
        `${bin} status --json | jq -r .expiresAt`,
        "for a script",
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/status.ts")).status(options, io))
    );

  program.command("whoami")
    .description("ask the server who the token belongs to")
    .addOption(server())
    .addOption(account())
    .option("--json", "all claims, as JSON")
    .addHelpText(
      "after",
      examples([`${bin} whoami`, "print the account"], [
        `${bin} whoami --json | jq -r .email`,
        "one claim",
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/whoami.ts")).whoami(options, io))
    );

  program.command("token")
    .description("print an access token that is good for a while, renewing it if need be")
    .addOption(server())
    .addOption(account())
    .option("--min-ttl <duration>", "renew if less is left: 90, 90s, 5m, 1h", "60s")
    .addOption(
      new Option("--federation <provider>", "use the identity of this CI job or workload")
        .choices(FEDERATION_CHOICES),
    )
    .option("--subject-token-file <file>", "the identity is the token in this file")
    .option("--federation-audience <text>", "whom the identity is for (default: the server)")
    .option("--scope <scopes>", "of what the identity or the traded token may have, this alone")
    .option("--exchange", `trade the token in ${brand.envPrefix}_TOKEN for a short JWT`)
    .addOption(new Option("--header", "as an Authorization header").conflicts("json"))
    .option("--json", "as JSON, with expiry and source")
    .addHelpText(
      "after",
      examples(
        [
          `curl --header "$(${bin} token --header)" https://api.example.com/`,
          "call an API",
        ],
        [`API_TOKEN=$(${bin} token --min-ttl 10m) make deploy`, "good for ten minutes"],
        [`${bin} token --federation github`, "in a workflow, with the job's own identity"],
      ),
    )
    .action((options) =>
      client(async (io) => (await import("./commands/token.ts")).token(options, io))
    );

  program.command("completion")
    .description("print a completion script for your shell")
    .addArgument(
      program.createArgument("<shell>", "your shell").choices([
        "bash",
        "zsh",
        "fish",
        "powershell",
      ]),
    )
    .addHelpText(
      "after",
      examples(
        [`source <(${bin} completion bash)`, "in ~/.bashrc"],
        [`source <(${bin} completion zsh)`, "in ~/.zshrc, after compinit"],
        [`${bin} completion fish | source`, "in ~/.config/fish/config.fish"],
        [`${bin} completion powershell | Out-String | Invoke-Expression`, "in $PROFILE"],
      ),
    )
    .action((shell) =>
      client(async (io) =>
        (await import("./commands/completion/completion.ts")).completion(shell, io)
      )
    );
}
