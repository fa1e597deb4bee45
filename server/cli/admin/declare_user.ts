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
    .option("--state <state>", "only users in this state: enabled, invited or disabled")
    .option("--group <name>", "only users who belong to this group")
    .option("--search <text>", "only users with this text in the address or name")
    .option("--sort <by>", "sort by created, email, name or last-sign-in (default: created)")
    .option("--reverse", "sort in descending order")
    .option("--limit <number>", "list at most this many (default: 100)")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user list`, "list all users"],
        [`${bin} admin user list --admin --json`, "list administrators as JSON"],
        [
          `${bin} admin user list --state invited`,
          "list users who have not chosen a password yet",
        ],
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
  database(user.command("reset-factors"))
    .description("remove the second factors of a user who has lost them")
    .argument("<user>", USER)
    .addHelpText(
      "after",
      examples([
        `${bin} admin user reset-factors bob@example.com`,
        "let Bob sign in with the password only",
      ]),
    )
    .action((email, options) =>
      server(async (io) =>
        (await import("./user/reset_factors.ts")).adminUserResetFactors(email, options, io)
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
  database(user.command("address-link"))
    .description("print a link with which a user confirms a new e-mail address")
    .argument("<user>", USER)
    .argument("<address>", "the new e-mail address")
    .option("--mail", "send the link to the new address instead, which verifies it")
    .option("--expires <when>", "when the link expires, at most 30d ahead (default: 1d)")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user address-link bob@example.com robert@example.com`,
        "print a link that Bob opens while signed in",
      ]),
    )
    .action((email, address, options) =>
      server(async (io) =>
        (await import("./user/address_link.ts")).adminUserAddressLink(email, address, options, io)
      )
    );
  tableOptions(database(user.command("sessions")))
    .description("list the browsers in which a user is signed in")
    .argument("<user>", USER)
    .addHelpText(
      "after",
      examples([`${bin} admin user sessions bob@example.com`, "list Bob's browsers"]),
    )
    .action((email, options) =>
      server(async (io) =>
        (await import("./user/sessions.ts")).adminUserSessions(email, options, io)
      )
    );
  database(user.command("sign-out"))
    .description("sign out the browsers of a user; logins and tokens stay valid")
    .argument("<user>", USER)
    .argument("[session]", "id of one browser session (default: all of them)")
    .addHelpText(
      "after",
      examples([`${bin} admin user sign-out bob@example.com`, "sign out all browsers of Bob"]),
    )
    .action((email, session, options) =>
      server(async (io) =>
        (await import("./user/sessions.ts")).adminUserSignOut(email, session, options, io)
      )
    );
  tableOptions(database(user.command("logins")))
    .description("list the active logins of a user")
    .argument("<user>", USER)
    .addHelpText(
      "after",
      examples([`${bin} admin user logins bob@example.com`, "list Bob's logins"]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user/logins.ts")).adminUserLogins(email, options, io))
    );
  database(user.command("revoke-login"))
    .description("revoke logins of a user; browsers stay signed in")
    .argument("<user>", USER)
    .argument("[login]", "id of the login, as admin user logins prints it")
    .option("--all", "revoke all logins")
    .option("--with-tokens", "also revoke the personal access tokens created with the login")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user revoke-login bob@example.com ID`, "revoke one login of Bob"],
        [`${bin} admin user revoke-login bob@example.com --all`, "revoke all of them"],
      ),
    )
    .action((email, login, options) =>
      server(async (io) =>
        (await import("./user/logins.ts")).adminUserRevokeLogin(email, login, options, io)
      )
    );
  tableOptions(database(user.command("tokens")))
    .description("list the active personal access tokens of a user")
    .argument("<user>", USER)
    .addHelpText(
      "after",
      examples([`${bin} admin user tokens bob@example.com`, "list Bob's tokens"]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user/tokens.ts")).adminUserTokens(email, options, io))
    );
  database(user.command("revoke-token"))
    .description("revoke personal access tokens of a user")
    .argument("<user>", USER)
    .argument("[token]", "id of the token, as admin user tokens prints it")
    .option("--all", "revoke all personal access tokens")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin user revoke-token bob@example.com ID`, "revoke one token of Bob"],
        [`${bin} admin user revoke-token bob@example.com --all`, "revoke all of them"],
      ),
    )
    .action((email, token, options) =>
      server(async (io) =>
        (await import("./user/tokens.ts")).adminUserRevokeToken(email, token, options, io)
      )
    );
}

const USER = "e-mail address or id of the user";
