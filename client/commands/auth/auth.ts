/** `auth`: hands tokens to git, kubectl and docker. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ClientIo } from "../../io.ts";
import { account, collect, exchange, server } from "../options.ts";

const bin = brand.binaryName;

export function declare(auth: Command, client: Run<ClientIo>): void {
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
        (await import("./git_credential.ts"))
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
      client(async (io) => (await import("./kubectl.ts")).authKubectl(options, io))
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
      client(async (io) => (await import("./docker.ts")).authDocker(operation, options, io))
    );
}
