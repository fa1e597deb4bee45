/** `token`: an access token on stdout, for scripts. */
import { type Command, Option } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, server } from "./options.ts";
import { FEDERATION_CHOICES } from "../federation/provider_names.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { githubAddMask } from "../process/github_add_mask.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isExchangeable, sessionJwt } from "../auth/exchange.ts";
import { parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { formatJson } from "../output.ts";
import { chooseSession, type SelectionWithFederation, sessionToken } from "../auth/token_source.ts";

export interface TokenOptions extends SelectionWithFederation {
  /** As typed, see parseDurationSeconds. */
  minTtl: string;
  /** Trade a personal access token for a JWT. */
  exchange?: boolean;
  header?: boolean;
  json?: boolean;
}

export async function token(options: TokenOptions, io: ClientIo): Promise<number> {
  const minTtlMs = parseMinTtl(options.minTtl);
  const session = await chooseSession(options, io);
  const scopeFits = session.source === "federation" ||
    (options.exchange && isExchangeable(session));
  if (options.scope !== undefined && !scopeFits) {
    throw new ClientError(
      EXIT.usage,
      "--scope is for a CI job's identity, and for a personal access token with --exchange. " +
        "A login has the scope it was made with.",
    );
  }
  const handedOut = options.exchange
    ? await sessionJwt(session, minTtlMs, options.scope, io)
    : await sessionToken(session, minTtlMs, io);
  warnIfTooShort(handedOut, minTtlMs, io);
  const { token, expiresAt, scope } = handedOut;
  githubAddMask(token, io);
  if (options.json) {
    io.stdout(formatJson({
      token,
      tokenType: "Bearer",
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
      scope: scope ?? null,
      source: session.source,
      server: session.server ?? null,
      account: session.account ?? null,
    }));
  } else {
    io.stdout(options.header ? `Authorization: Bearer ${token}\n` : `${token}\n`);
  }
  return EXIT.ok;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(account())
    .option("--min-ttl <duration>", "renew if less is left: 90, 90s, 5m, 1h", "60s")
    .addOption(
      new Option("--federation <provider>", "use the identity of this CI job or workload")
        .choices(FEDERATION_CHOICES),
    )
    .option("--subject-token-file <file>", "the identity is the token in this file")
    .option("--federation-audience <text>", "whom the identity is for (default: the server)")
    .option("--scope <scopes>", "of what the identity or the traded token may have, this alone")
    .option("--exchange", `trade the token in ${brand.envPrefix}_TOKEN for a short JWT`)
    .addOption(new Option("--header", "as an Authorization header").conflicts("json"))
    .option("--json", "as JSON, with expiry and source")
    .addHelpText(
      "after",
      examples(
        [
          `curl --header "$(${bin} token --header)" https://api.example.com/`,
          "call an API",
        ],
        [`API_TOKEN=$(${bin} token --min-ttl 10m) make deploy`, "good for ten minutes"],
        [`${bin} token --federation github`, "in a workflow, with the job's own identity"],
      ),
    )
    .action((options) => client((io) => token(options, io)));
}
