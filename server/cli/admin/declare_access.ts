import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareAccess(admin: Command, server: Run<ServerIo>): void {
  const access = admin.command("access").description("find out who can have which scope");
  database(access.command("explain"))
    .description("say whether a user can have a scope, and why; the exit code is 1 if not")
    .argument("<user>", "e-mail address or id of a user, or name of a service account")
    .argument("<scope>", "name of the scope")
    .option("--client <id>", "client of the login (default: the command line)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin access explain alice@example.com deploy`, "why Alice can deploy, or not"],
        [
          `${bin} admin access explain alice@example.com deploy --client console`,
          "the same for a login through another client",
        ],
      ),
    )
    .action((user, scope, options) =>
      server(async (io) =>
        (await import("./access/explain.ts")).adminAccessExplain({ user, scope }, options, io)
      )
    );
}
