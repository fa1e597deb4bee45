/** Flags and help of `check-cli`; its code is loaded when it runs. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples, helpItems } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { collectScopes } from "../../shared/oauth/scope_option.ts";
import { CASES } from "../check_cli/case.ts";
import type { ServerIo } from "../io.ts";

const collect = (value: string, previous: string[] = []) => [...previous, value];

export function declare(command: Command, server: Run<ServerIo>): void {
  const bin = brand.binaryName;
  command.usage("[options] [--] <command> [arguments...]")
    .argument("<command...>", "a command that prints an access token")
    .passThroughOptions()
    .option("--login <command>", "shell command that logs it in")
    .option("--env <name=value>", "set a variable for it, or pass on yours (repeatable)", collect)
    .option("--client-id <id>", "register this public client for it")
    .addOption(
      new Option("--scope <scopes>", "further scopes that it may request").argParser(collectScopes),
    )
    .option("--runs <number>", "how often to run it in each case", "1000")
    .option("--parallel <number>", "how many at once", "50")
    .addOption(
      new Option("--only <case>", "only this case (repeatable)")
        .choices(CASES.map(({ name }) => name))
        .argParser<string[]>(collect),
    )
    .option("--seed <number>", "repeat the random decisions of an earlier check")
    .option("--lifetime <duration>", "of access tokens", "2s")
    .option("--timeout <duration>", "a run that takes longer hangs", "60s")
    .option("--json", "print JSON")
    .addHelpText("after", helpItems("Cases:", CASES.map(({ name, summary }) => [name, summary])))
    .addHelpText(
      "after",
      helpItems("Placeholders in the commands and in --env:", [
        ["{server}", "the address of the server to log in to"],
        ["{client_id}", "the client_id to use"],
      ]),
    )
    .addHelpText(
      "after",
      examples(
        [`${bin} check-cli -- ${bin} token`, "check this program"],
        [
          `${bin} check-cli --client-id acme --login 'acme login --server {server}' -- acme token`,
          "check your own command line",
        ],
        [
          `${bin} check-cli --only kill --seed 7 -- ${bin} token`,
          "repeat one case of a check that printed this seed",
        ],
      ),
    )
    .action((commandLine, options) =>
      server(async (io) => (await import("./run_check_cli.ts")).checkCli(commandLine, options, io))
    );
}
