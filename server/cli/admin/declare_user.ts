import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareUser(admin: Command, server: Run<ServerIo>): void {
  const user = admin.command("user").description("manage users");
  database(user.command("add"))
    .description("add a user")
    .argument("<email>", "e-mail address to sign in with")
    .option("--name <name>", "display name (default: the part of the address before the @)")
    .option("--admin", "grant the role of administrator")
    .option("--email-verified", "mark the address as verified (email_verified in tokens)")
    .requiredOption("--password-stdin", "read the password from standard input")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user add alice@example.com --admin --password-stdin < password.txt`,
        "add the first administrator without a browser",
      ]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserAdd(email, options, io))
    );
  database(user.command("update"))
    .description("change the name, role, password or verified address of a user")
    .argument("<email>", "e-mail address of the user")
    .option("--name <name>", "display name")
    .option("--admin", "grant the role of administrator")
    .option("--no-admin", "remove the role of administrator")
    .option("--email-verified", "mark the address as verified (email_verified in tokens)")
    .option("--no-email-verified", "mark the address as not verified")
    .option("--password-stdin", "read a new password from standard input")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user update bob@example.com --password-stdin < password.txt`,
        "set a new password",
      ]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserUpdate(email, options, io))
    );
  tableOptions(database(user.command("list")))
    .description("list users")
    .addHelpText("after", examples([`${bin} admin user list`, "list all users"]))
    .action((options) =>
      server(async (io) => (await import("./user.ts")).adminUserList(options, io))
    );
  database(user.command("disable"))
    .description("disable a user: signs out all browsers and revokes all logins")
    .argument("<email>", "e-mail address of the user")
    .addHelpText("after", examples([`${bin} admin user disable bob@example.com`, "disable Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserDisable(email, options, io))
    );
  database(user.command("enable"))
    .description("enable a disabled user")
    .argument("<email>", "e-mail address of the user")
    .addHelpText("after", examples([`${bin} admin user enable bob@example.com`, "enable Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserEnable(email, options, io))
    );
}
