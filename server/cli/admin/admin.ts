/** `admin`: users, API clients, service accounts, trust rules and signing keys. */
import { Argument, type Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import { collectScopes, SCOPE_NOTATION } from "../../../shared/oauth/scope_option.ts";
import type { Run } from "../../../shared/command_line.ts";
import { formatTable } from "../../../shared/table.ts";
import { provider, providers } from "../../federation/providers.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declare(admin: Command, server: Run<ServerIo>): void {
  const user = admin.command("user").description("manage users");
  database(user.command("add"))
    .description("add a user")
    .argument("<email>", "the address to sign in with")
    .option("--name <name>", "the name shown to others")
    .option("--admin", "an administrator")
    .option("--email-verified", "vouch that the address is theirs (email_verified in tokens)")
    .requiredOption("--password-stdin", "read the password from standard input")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user add alice@example.com --admin --password-stdin < password.txt`,
        "the first administrator, without a browser",
      ]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserAdd(email, options, io))
    );
  database(user.command("update"))
    .description("change a user's name, role or password, or vouch for the address")
    .argument("<email>", "the user's address")
    .option("--name <name>", "the name shown to others")
    .option("--admin", "make them an administrator")
    .option("--no-admin", "make them an administrator no longer")
    .option("--email-verified", "vouch that the address is theirs (email_verified in tokens)")
    .option("--no-email-verified", "no longer vouch for the address")
    .option("--password-stdin", "read a new password from standard input")
    .addHelpText(
      "after",
      examples([
        `${bin} admin user update bob@example.com --password-stdin < password.txt`,
        "a new password for Bob",
      ]),
    )
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserUpdate(email, options, io))
    );
  database(user.command("list"))
    .description("list users")
    .addHelpText("after", examples([`${bin} admin user list`, "who there is"]))
    .action((options) =>
      server(async (io) => (await import("./user.ts")).adminUserList(options, io))
    );
  database(user.command("disable"))
    .description("shut a user out; sessions and refreshes end at once")
    .argument("<email>", "the user's address")
    .addHelpText("after", examples([`${bin} admin user disable bob@example.com`, "shut Bob out"]))
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserDisable(email, options, io))
    );
  database(user.command("enable"))
    .description("let a user in again")
    .argument("<email>", "the user's address")
    .addHelpText("after", examples([`${bin} admin user enable bob@example.com`, "let Bob in"]))
    .action((email, options) =>
      server(async (io) => (await import("./user.ts")).adminUserEnable(email, options, io))
    );

  const apiClient = admin.command("client").description("manage APIs that may introspect tokens");
  database(apiClient.command("add"))
    .description("register an API; its secret is printed once")
    .argument("<name>", "what to call it")
    .addHelpText("after", examples([`${bin} admin client add billing`, "print id and secret"]))
    .action((name, options) =>
      server(async (io) => (await import("./client.ts")).adminClientAdd(name, options, io))
    );
  database(apiClient.command("list"))
    .description("list registered APIs")
    .addHelpText("after", examples([`${bin} admin client list`, "which there are"]))
    .action((options) =>
      server(async (io) => (await import("./client.ts")).adminClientList(options, io))
    );
  database(apiClient.command("remove"))
    .description("remove an API; its secret ends at once")
    .argument("<id>", "its client id")
    .addHelpText("after", examples([`${bin} admin client remove ID`, "as `list` shows it"]))
    .action((id, options) =>
      server(async (io) => (await import("./client.ts")).adminClientRemove(id, options, io))
    );

  const account = admin.command("service-account").description("manage accounts of workloads");
  const collect = (value: string, before: string[] = []) => [...before, value];
  database(account.command("add"))
    .description("add an account without a password")
    .argument("<name>", "what to call it")
    .option("--scope <scopes>", `scopes it may have ${SCOPE_NOTATION}`, collectScopes)
    .addHelpText(
      "after",
      examples([`${bin} admin service-account add deployer --scope deploy`, ""]),
    )
    .action((name, options) =>
      server(async (io) =>
        (await import("./service_account.ts")).adminServiceAccountAdd(
          name,
          options,
          io,
        )
      )
    );
  database(account.command("list"))
    .description("list service accounts")
    .addHelpText("after", examples([`${bin} admin service-account list`, "which there are"]))
    .action((options) =>
      server(async (io) =>
        (await import("./service_account.ts")).adminServiceAccountList(options, io)
      )
    );
  database(account.command("disable"))
    .description("shut a service account out")
    .argument("<name>", "its name")
    .addHelpText("after", examples([`${bin} admin service-account disable deployer`, ""]))
    .action((name, options) =>
      server(async (io) =>
        (await import("./service_account.ts")).adminServiceAccountDisable(
          name,
          options,
          io,
        )
      )
    );
  database(account.command("enable"))
    .description("let a service account in again")
    .argument("<name>", "its name")
    .addHelpText("after", examples([`${bin} admin service-account enable deployer`, ""]))
    .action((name, options) =>
      server(async (io) =>
        (await import("./service_account.ts")).adminServiceAccountEnable(
          name,
          options,
          io,
        )
      )
    );

  const trust = admin.command("trust").description("say which CI jobs and workloads are trusted");
  database(trust.command("add"))
    .description("trust a provider's workloads")
    .addArgument(
      new Argument("<provider>", "who signs the workloads' tokens")
        .choices(providers.map(({ name }) => name)),
    )
    .argument("[subject]", "which workloads, in the provider's form (see below)")
    .option("--branch <name>", "runs for this branch; * stands for anything but /")
    .option("--tag <name>", "runs for this tag")
    .option("--environment <name>", "jobs in this environment")
    .option("--scope <scopes>", `scopes to grant ${SCOPE_NOTATION}`, collectScopes)
    .option("--condition <claim=value>", "a further condition, or claim~glob*; repeatable", collect)
    .option("--repository-id <number>", "the repository's number, if it cannot be looked up")
    .option("--issuer <url>", "the provider's issuer, where each installation has its own")
    .option("--audience <text>", "what its tokens' aud must be (default: this server's issuer)")
    .option("--lifetime <duration>", "longest life of a token (default: 10m)")
    .option("--service-account <name>", "whom it acts as (default: a new one of the rule's name)")
    .option("--user <email>", "act as this person instead")
    .option("--expires <when>", "when the rule expires: 90d, 12h, 2027-01-31 or never")
    .option("--name <name>", "what to call the rule")
    .option("--force", "even if it would let strangers in")
    .addHelpText("after", `\nSubjects:\n${subjects()}`)
    .addHelpText(
      "after",
      examples(
        ...(["github", "gitlab", "kubernetes"] as const).map((name): [string, string] => [
          `${bin} admin trust add ${name} ${provider(name).example}`,
          "",
        ]),
      ),
    )
    .action((provider, subject, options) =>
      server(async (io) =>
        (await import("./trust.ts")).adminTrustAdd(provider, subject, options, io)
      )
    );
  database(trust.command("list"))
    .description("list what is trusted")
    .option("--json", "as JSON")
    .addHelpText("after", examples([`${bin} admin trust list`, "every rule"]))
    .action((options) =>
      server(async (io) => (await import("./trust.ts")).adminTrustList(options, io))
    );
  database(trust.command("test"))
    .description("say what would become of a workload's token, and why")
    .requiredOption("--token-stdin", "read the token from standard input")
    .option(
      "--scope <scopes>",
      `as if these scopes were requested ${SCOPE_NOTATION}`,
      collectScopes,
    )
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([`${bin} admin trust test --token-stdin < token.txt`, "judge it"]),
    )
    .action((options) =>
      server(async (io) => (await import("./trust.ts")).adminTrustTest(options, io))
    );
  database(trust.command("remove"))
    .description("trust no longer")
    .argument("<name>", "the rule's name")
    .addHelpText("after", examples([`${bin} admin trust remove NAME`, "as `list` shows it"]))
    .action((name, options) =>
      server(async (io) => (await import("./trust.ts")).adminTrustRemove(name, options, io))
    );

  const keys = admin.command("keys").description("manage signing keys");
  database(keys.command("list"))
    .description("list signing keys and what each is for")
    .option("--json", "as JSON")
    .addHelpText("after", examples([`${bin} admin keys list`, "ids, states and ages"]))
    .action((options) =>
      server(async (io) => (await import("./keys.ts")).adminKeysList(options, io))
    );
  database(keys.command("rotate"))
    .description("start signing with the next key")
    .option("--force", "even if the next key was published too recently")
    .addHelpText("after", examples([`${bin} admin keys rotate`, "move to the next key"]))
    .action((options) =>
      server(async (io) => (await import("./keys.ts")).adminKeysRotate(options, io))
    );
}

/** What each provider takes as the subject. */
function subjects(): string {
  const rows = providers.map(({ name, subject }) => [name, subject.form]);
  return formatTable(rows).replaceAll(/^/gm, "  ").trimEnd();
}
