/** `auth`: provides tokens to git, docker, package managers and other programs. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples, helpItems } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ClientIo } from "../../io.ts";
import { account, collect, exchange, server } from "../options.ts";

import { declareSetup } from "./setup.ts";

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

  auth.commandsGroup("Set up:");
  declareSetup(auth, client);

  auth.commandsGroup("Called by other programs:");
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

  auth.command("bazel")
    .description("act as a credential helper for Bazel and remote execution tools")
    .addArgument(auth.createArgument("<operation>", "the operation that the program requests"))
    .addHelpText(
      "after",
      examples([
        `${bin} auth install bazel`,
        `Bazel then starts it by the name bazel-credential-${bin}`,
      ]),
    )
    .action((operation) =>
      client(async (io) => (await import("./bazel.ts")).authBazel(operation, io))
    );

  auth.command("goauth")
    .description("act as a command in Go's GOAUTH")
    .addArgument(auth.createArgument("[url]", "the address of the request that failed"))
    .addHelpText(
      "after",
      examples([`${bin} auth install go`, "go then calls it for private modules"]),
    )
    .action((url) => client(async (io) => (await import("./goauth.ts")).authGoauth(url, io)));

  auth.command("cargo")
    .description("act as a credential provider for cargo")
    .option("--cargo-plugin", "set by cargo")
    .addHelpText(
      "after",
      examples([`${bin} auth install cargo`, `cargo then starts it as cargo-credential-${bin}`]),
    )
    .action(() => client(async (io) => (await import("./cargo.ts")).authCargo(io)));

  auth.command("keyring")
    .usage("[options] <operation> <service> [user]")
    .description("act as keyring, for pip and uv")
    .argument("<arguments...>", "the arguments of keyring, such as: get SERVICE USER")
    .allowUnknownOption()
    .addHelpText(
      "after",
      examples([`${bin} auth install pip`, "pip then finds it as keyring on PATH"]),
    )
    .action((args) => client(async (io) => (await import("./keyring.ts")).authKeyring(args, io)));

  auth.command("pnpm")
    .description("print the value of Authorization for a registry, for pnpm")
    .addArgument(auth.createArgument("<registry>", "the host or the address of the registry"))
    .addHelpText(
      "after",
      examples([`${bin} auth install pnpm`, "pnpm then starts it as the tokenHelper"]),
    )
    .action((registry) => client(async (io) => (await import("./pnpm.ts")).authPnpm(registry, io)));

  auth.command("terraform")
    .description("act as a credentials helper for Terraform and OpenTofu")
    .addArgument(
      auth.createArgument("<operation>", "the operation that the program requests")
        .choices(["get", "store", "forget"]),
    )
    .argument("<host>", "the host that the token is for")
    .addHelpText(
      "after",
      examples([
        `${bin} auth install terraform`,
        `Terraform then starts it as terraform-credentials-${bin}`,
      ]),
    )
    .action((operation, host) =>
      client(async (io) => (await import("./terraform.ts")).authTerraform(operation, host, io))
    );

  auth.command("headers")
    .description("print the HTTP headers for an MCP server, for agents")
    .addArgument(auth.createArgument("[url]", "the address of the MCP server"))
    .addHelpText(
      "after",
      examples([
        `${bin} auth headers https://mcp.example.com/mcp`,
        'the value of "headersHelper" in .mcp.json',
      ]),
    )
    .action((url) => client(async (io) => (await import("./headers.ts")).authHeaders(url, io)));

  auth.addHelpText(
    "after",
    helpItems("Also, as in other programs:", [
      ["login, logout, switch", `the same as ${bin} login and so on`],
      ["status, token, whoami", `the same as ${bin} status and so on`],
    ]),
  );
}
