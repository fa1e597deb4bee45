/** `token`: an access token on stdout, for scripts. */
import { type Command, Option } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, exchange, minTtl, scope, server, tokenStdin } from "./options.ts";
import { FEDERATION_CHOICES } from "../federation/providers.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { githubAddMask } from "../process/github_add_mask.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isExchangeable, jwtFrom } from "../auth/exchange.ts";
import { parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { withTokenFromStdin } from "../auth/stdin_token.ts";
import { formatJson } from "../output.ts";
import {
  chooseTokenSource,
  type SelectionWithFederation,
  tokenFrom,
} from "../auth/token_source.ts";

export interface TokenOptions extends SelectionWithFederation {
  /** As typed, see parseDurationSeconds. */
  minTtl: string;
  /** Exchange a personal access token for a JWT. */
  exchange?: boolean;
  tokenStdin?: boolean;
  header?: boolean;
  json?: boolean;
}

export async function token(options: TokenOptions, processIo: ClientIo): Promise<number> {
  const io = await withTokenFromStdin(options, processIo);
  const minTtlMs = parseMinTtl(options.minTtl);
  const source = await chooseTokenSource(options, io);
  const scopeFits = source.kind === "federation" ||
    (options.exchange && isExchangeable(source));
  if (options.scope !== undefined && !scopeFits) {
    throw new ClientError(
      "invalid_option",
      "--scope is for a CI job's identity, and for a personal access token with --exchange. " +
        "To change the scope of a login, log in again.",
    );
  }
  const handedOut = options.exchange
    ? await jwtFrom(source, minTtlMs, options.scope, io)
    : await tokenFrom(source, minTtlMs, io);
  warnIfTooShort(handedOut, minTtlMs, io);
  const { token, expiresAt, scope } = handedOut;
  githubAddMask(token, io);
  if (options.json) {
    io.stdout(formatJson({
      token,
      tokenType: "Bearer",
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
      scope: scope ?? null,
      source: source.kind,
      server: source.server ?? null,
      account: source.account ?? null,
    }));
  } else {
    io.stdout(options.header ? `Authorization: Bearer ${token}\n` : `${token}\n`);
  }
  return EXIT.ok;
}

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
