import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareSecretKey(admin: Command, server: Run<ServerIo>): void {
  const secretKey = admin.command("secret-key")
    .description("manage the key that encrypts secrets in the database");
  tableOptions(database(secretKey.command("status")))
    .description("show which keys encrypt how many values, and what to do next")
    .addHelpText(
      "after",
      examples([`${bin} admin secret-key status`, "see whether a key can be removed"]),
    )
    .action((options) =>
      server(async (io) =>
        (await import("./secret_key/status.ts")).adminSecretKeyStatus(options, io)
      )
    );
  database(secretKey.command("rotate"))
    .description("encrypt everything with the secret_key of the settings, while servers run")
    .option("--yes", "do not ask for confirmation")
    .addHelpText(
      "after",
      examples([`${bin} admin secret-key rotate`, "after secret_key was replaced everywhere"]),
    )
    .action((options) =>
      server(async (io) =>
        (await import("./secret_key/rotate.ts")).adminSecretKeyRotate(options, io)
      )
    );
  secretKey.command("generate")
    .description("print a new random key")
    .addHelpText(
      "after",
      examples([`${bin} admin secret-key generate > secret_key`, "store a new key in a file"]),
    )
    .action(() =>
      server(async (io) => (await import("./secret_key/generate.ts")).adminSecretKeyGenerate(io))
    );
}
