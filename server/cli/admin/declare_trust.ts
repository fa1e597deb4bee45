import { Argument, type Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples, helpItems } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { collectScopes, SCOPE_NOTATION } from "../../../shared/oauth/scope_option.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import { provider, providers } from "../../federation/providers.ts";
import type { ServerIo } from "../../io.ts";
import { database } from "../options.ts";

const bin = brand.binaryName;

export function declareTrust(admin: Command, server: Run<ServerIo>): void {
  const trust = admin.command("trust").description("manage the CI jobs and workloads to trust");
  const collect = (value: string, previous: string[] = []) => [...previous, value];
  database(trust.command("add"))
    .description("add a rule that trusts workloads of a provider")
    .addArgument(
      new Argument("<provider>", "issuer of the workloads' tokens")
        .choices(providers.map(({ name }) => name)),
    )
    .argument("[subject]", "workloads to trust, in the form of the provider (see below)")
    .option("--workflow <file>", "only this workflow file (GitHub), such as deploy.yml")
    .option("--branch <name>", "only runs for this branch; * matches anything but /")
    .option("--tag <name>", "only runs for this tag; * matches anything but /")
    .option("--environment <name>", "only jobs in this environment")
    .option("--scope <scopes>", `scopes to grant ${SCOPE_NOTATION}`, collectScopes)
    .option(
      "--condition <claim=value>",
      "a further condition, or claim~glob* (repeatable)",
      collect,
    )
    .option("--repository-id <number>", "number of the repository, if it cannot be looked up")
    .option("--issuer <url>", "issuer, for a provider where each installation has its own")
    .option("--audience <text>", "required aud of the tokens (default: the issuer of this server)")
    .option("--lifetime <duration>", "maximum lifetime of access tokens (default: 10m)")
    .option(
      "--service-account <name>",
      "account to act as (default: a new one with the name of the rule)",
    )
    .option("--user <email>", "act as this user instead")
    .option("--expires <when>", "when the rule expires: 90d, 12h, 2027-01-31 or never")
    .option("--name <name>", "name of the rule")
    .option("--force", "add the rule even if it would trust workloads of others")
    .addHelpText("after", subjects())
    .addHelpText(
      "after",
      examples(
        ...(["github", "gitlab", "kubernetes"] as const).map((name): [string, string] => [
          `${bin} admin trust add ${name} ${provider(name).example}`,
          provider(name).title,
        ]),
      ),
    )
    .action((provider, subject, options) =>
      server(async (io) =>
        (await import("./trust/add.ts")).adminTrustAdd(provider, subject, options, io)
      )
    );
  database(trust.command("edit"))
    .description("change a rule")
    .argument("<name>", "name of the rule")
    .option("--workflow <file>", "only this workflow file (GitHub), such as deploy.yml")
    .option("--branch <name>", "only runs for this branch, instead of the branch or tag before")
    .option("--tag <name>", "only runs for this tag, instead of the branch or tag before")
    .option("--environment <name>", "only jobs in this environment")
    .option(
      "--condition <claim=value>",
      "replaces the further conditions, or claim~glob* (repeatable)",
      collect,
    )
    .option("--scope <scopes>", `scopes to grant ${SCOPE_NOTATION}`, collectScopes)
    .option("--issuer <url>", "issuer of the workloads' tokens")
    .option("--audience <text>", "required aud of the tokens")
    .option("--lifetime <duration>", "maximum lifetime of access tokens")
    .option("--expires <when>", "when the rule expires: 90d, 12h, 2027-01-31 or never")
    .option("--force", "change the rule even if it would trust workloads of others")
    .addHelpText(
      "after",
      examples(
        [`${bin} admin trust edit NAME --branch release-*`, "trust runs for other branches"],
        [`${bin} admin trust edit NAME --expires 90d`, "let the rule expire"],
      ),
    )
    .action((name, options) =>
      server(async (io) => (await import("./trust/edit.ts")).adminTrustEdit(name, options, io))
    );
  for (const [command, disabled] of [["disable", true], ["enable", false]] as const) {
    database(trust.command(command))
      .description(disabled ? "disable a rule until it is enabled again" : "enable a disabled rule")
      .argument("<name>", "name of the rule")
      .addHelpText(
        "after",
        examples([`${bin} admin trust ${command} NAME`, "with a name from `admin trust list`"]),
      )
      .action((name, options) =>
        server(async (io) =>
          (await import("./trust/disable.ts")).adminTrustDisable(name, disabled, options, io)
        )
      );
  }
  tableOptions(database(trust.command("list")))
    .description("list rules")
    .addHelpText("after", examples([`${bin} admin trust list`, "list all rules"]))
    .action((options) =>
      server(async (io) => (await import("./trust/list.ts")).adminTrustList(options, io))
    );
  tableOptions(database(trust.command("requests")))
    .description("list workloads that no rule trusts, to approve or dismiss them")
    .addHelpText(
      "after",
      examples([`${bin} admin trust requests`, "list the jobs that were rejected lately"]),
    )
    .action((options) =>
      server(async (io) => (await import("./trust/requests.ts")).adminTrustRequests(options, io))
    );
  database(trust.command("approve"))
    .description("show and add the narrowest rule that trusts a rejected workload")
    .argument("<id>", "number of the request")
    .option(
      "--scope <scopes>",
      `scopes to grant ${SCOPE_NOTATION} (default: those requested)`,
      collectScopes,
    )
    .option(
      "--as <account>",
      "service account, or address of a user, to act as (default: a new service account)",
    )
    .option("--name <name>", "name of the rule")
    .option("--yes", "do not ask for confirmation")
    .addHelpText(
      "after",
      examples([`${bin} admin trust approve 7`, "with a number from `admin trust requests`"]),
    )
    .action((id, options) =>
      server(async (io) => (await import("./trust/requests.ts")).adminTrustApprove(id, options, io))
    );
  database(trust.command("dismiss"))
    .description("dismiss the request of a rejected workload")
    .argument("<id>", "number of the request")
    .addHelpText(
      "after",
      examples([`${bin} admin trust dismiss 7`, "with a number from `admin trust requests`"]),
    )
    .action((id, options) =>
      server(async (io) => (await import("./trust/requests.ts")).adminTrustDismiss(id, options, io))
    );
  database(trust.command("test"))
    .description("show which rules a workload's token matches, and why others do not match")
    .requiredOption("--token-stdin", "read the token from standard input")
    .option("--scope <scopes>", `scopes to request ${SCOPE_NOTATION}`, collectScopes)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} admin trust test --token-stdin < token.txt`, "test a token"]),
    )
    .action((options) =>
      server(async (io) => (await import("./trust/test_token.ts")).adminTrustTest(options, io))
    );
  database(trust.command("remove"))
    .description("remove a rule")
    .argument("<name>", "name of the rule")
    .addHelpText(
      "after",
      examples([`${bin} admin trust remove NAME`, "with a name from `admin trust list`"]),
    )
    .action((name, options) =>
      server(async (io) => (await import("./trust/remove.ts")).adminTrustRemove(name, options, io))
    );
}

/** What each provider takes as the subject. */
function subjects() {
  return helpItems(
    "Subjects:",
    providers.map(({ name, subject }): [string, string] => [name, subject.form]),
  );
}
