/** `token`: its options and examples. */
import { type Command, Option } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { FEDERATION_CHOICES } from "../federation/providers.ts";
import type { ClientIo } from "../io.ts";
import { account, exchange, minTtl, scope, server, tokenStdin } from "./options.ts";
import { token } from "./print_token.ts";

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  exchange(
    command.addOption(server())
      .addOption(account())
      .addOption(minTtl())
      .addOption(
        new Option("--federation <provider>", "use the identity of this CI job or workload")
          .choices(FEDERATION_CHOICES),
      )
      .option("--subject-token-file <file>", "read the identity token from this file")
      .option("--federation-audience <text>", "audience of the identity (default: the server)")
      .addOption(scope("request a token with only these scopes"))
      .option("--for <resource>", "request a token for this resource: its name or identifier")
      .option("--lifetime <duration>", "request a token for at most this time: 15m, 1h")
      .option(
        "--challenge <value>",
        "request the token that this WWW-Authenticate value asks for (-: read it from stdin)",
      )
      .option("--resume [id]", "continue an approval that an earlier command requested")
      .option("--no-wait", "do not wait for an approval: print what a person has to open")
      .option("--no-browser", "do not open a browser for an approval"),
  )
    .addOption(tokenStdin())
    .addOption(new Option("--header", "print an Authorization header").conflicts("json"))
    .option("--json", "print JSON, with expiry and source")
    .addHelpText(
      "after",
      examples(
        [
          `curl --header "$(${bin} token --header)" https://api.example.com/`,
          "call an API",
        ],
        [`API_TOKEN=$(${bin} token --min-ttl 10m) make deploy`, "valid for at least ten minutes"],
        [`${bin} token --federation github`, "in a workflow, with the job's own identity"],
        [
          `${bin} token --scope deploy --lifetime 1h`,
          "only for deploying; asks for your approval if the login lacks it",
        ],
      ),
    )
    .action((options) => client((io) => token(options, io)));
}
