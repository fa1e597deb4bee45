/** `auth`: provides tokens to git, kubectl and docker. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples, helpItems } from "../../../shared/command_examples.ts";
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
        "also provide the token for this host (repeatable)",
        collect,
      )
      .option("--user <name>", "the user name to return (default: the account)");

  exchange(hosts(auth.command("git-credential")))
    .description("act as a credential helper for git")
    .addArgument(auth.createArgument("<operation>", "the operation that git requests"))
    .addHelpText(
      "after",
      examples([
        `git config --global credential.https://git.example.com.helper ` +
        `'!${bin} auth git-credential --host git.example.com'`,
        "git calls it when it needs a password",
      ]),
    )
    .action((operation, options) =>
      client(async (io) =>
        (await import("./git_credential.ts"))
          .authGitCredential(operation, options, io)
      )
    );

  exchange(auth.command("kubectl"))
    .description("act as a credential plugin for kubectl")
    .addOption(server())
    .addOption(account())
    .addHelpText(
      "after",
      examples([
        `kubectl config set-credentials me --exec-command=${bin} --exec-arg=auth ` +
        `--exec-arg=kubectl --exec-api-version=client.authentication.k8s.io/v1`,
        "kubectl calls it when it needs a token",
      ]),
    )
    .action((options) =>
      client(async (io) => (await import("./kubectl.ts")).authKubectl(options, io))
    );

  exchange(hosts(auth.command("docker")))
    .description("act as a credential helper for docker")
    .addArgument(
      auth.createArgument("<operation>", "the operation that docker requests")
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

  auth.addHelpText(
    "after",
    helpItems("Also, as in other programs:", [
      ["login, logout, switch", `the same as ${bin} login and so on`],
      ["status, token, whoami", `the same as ${bin} status and so on`],
    ]),
  );
}
