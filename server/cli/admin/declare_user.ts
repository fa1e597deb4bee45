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
    .option("--password-stdin", "read the password from standard input (default: ask for it)")
    .option("--invite", "print a link that works once, with which the user chooses a password")
    .option("--mail", "send the link to the address instead of printing it")
    .option("--expires <when>", "when the link expires, at most 30d ahead (default: 3d)")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user add alice@example.com --admin`, "add an administrator"],
        [
          `${bin} admin user add bob@example.com --invite`,
          "print a link with which Bob chooses a password",
        ],
        [
          `${bin} admin user add bob@example.com --password-stdin < password.txt`,
          "add a user without a terminal",
        ],
      ),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user/add.ts")).adminUserAdd(email, options, io))
    );
  tableOptions(database(user.command("list")))
    .description("list users")
    .option("--admin", "only administrators")
    .option("--disabled", "only disabled users")
    .option("--search <text>", "only users with this text in the address or name")
    .option("--limit <number>", "list at most this many (default: 100)")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user list`, "list all users"],
        [`${bin} admin user list --admin --json`, "list administrators as JSON"],
      ),
    )
    .action((options) =>
      server(async (io) => (await import("./user/list.ts")).adminUserList(options, io))
    );
  database(user.command("show"))
    .description("show a user, with the number of browsers, logins and tokens")
    .argument("<user>", USER)
    .option("--json", "print JSON")
    .addHelpText("after", examples([`${bin} admin user show bob@example.com`, "show Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user/show.ts")).adminUserShow(email, options, io))
    );
  database(user.command("update"))
    .description("change the address, name, role or password of a user")
    .argument("<user>", USER)
    .option("--email <address>", "new e-mail address; logins and tokens stay valid")
    .option("--name <name>", "display name")
    .option("--admin", "grant the role of administrator")
    .option("--no-admin", "remove the role of administrator")
    .option("--email-verified", "mark the address as verified (email_verified in tokens)")
    .option("--no-email-verified", "mark the address as not verified")
    .option("--password-stdin", "read a new password from standard input")
    .option("--force", "remove the role also from the last administrator")
    .addHelpText(
      "after",
      examples(
        [
          `${bin} admin user update bob@example.com --email robert@example.com`,
          "change Bob's address",
        ],
        [`${bin} admin user update bob@example.com --admin`, "make Bob an administrator"],
      ),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user/update.ts")).adminUserUpdate(email, options, io))
    );
  database(user.command("reset-password"))
    .description("set a new password, or print a link with which the user chooses one")
    .argument("<user>", USER)
    .option("--link", "print a link that works once; the old password works until it is used")
    .option("--mail", "send the link to the user's address instead of printing it")
    .option("--expires <when>", "when the link expires, at most 30d ahead (default: 1d)")
    .option("--password-stdin", "read the password from standard input (default: ask for it)")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user reset-password bob@example.com --link`,
        "print a link with which Bob chooses a new password",
      ]),
    )
    .action((email, options) =>
      server(async (io) =>
        (await import("./user/reset_password.ts")).adminUserResetPassword(email, options, io)
      )
    );
  database(user.command("disable"))
    .description("disable a user: signs out all browsers and revokes all logins")
    .argument("<user>", USER)
    .option("--force", "disable also the last administrator")
    .addHelpText("after", examples([`${bin} admin user disable bob@example.com`, "disable Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user/disable.ts")).adminUserDisable(email, options, io))
    );
  database(user.command("enable"))
    .description("enable a disabled user")
    .argument("<user>", USER)
    .addHelpText("after", examples([`${bin} admin user enable bob@example.com`, "enable Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user/disable.ts")).adminUserEnable(email, options, io))
    );
  database(user.command("offboard"))
    .description("disable a user who leaves, and list what ends and what needs another owner")
    .argument("<user>", USER)
    .option("--dry-run", "only list it; change nothing")
    .option("--transfer-to <user>", "user who gets what this one owns")
    .option("--force", "disable also the last administrator")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user offboard bob@example.com --dry-run`, "list what would end"],
        [
          `${bin} admin user offboard bob@example.com --transfer-to carol@example.com`,
          "disable Bob; Carol looks after what was his",
        ],
      ),
    )
    .action((email, options) =>
      server(async (io) =>
        (await import("./user/offboard.ts")).adminUserOffboard(email, options, io)
      )
    );
  database(user.command("delete"))
    .description("delete a user with all logins and personal access tokens")
    .argument("<user>", USER)
    .option("--yes", "do not ask for confirmation")
    .option("--force", "delete also the last administrator")
    .addHelpText("after", examples([`${bin} admin user delete bob@example.com`, "delete Bob"]))
    .action((email, options) =>
      server(async (io) => (await import("./user/delete.ts")).adminUserDelete(email, options, io))
    );
}

const USER = "e-mail address or id of the user";
