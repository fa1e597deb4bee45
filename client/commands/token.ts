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
      .addOption(scope("request only these scopes")),
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
      ),
    )
    .action((options) => client((io) => token(options, io)));
}
