/** What `token` does: prints an access token on stdout, for scripts. */
import { EXIT } from "../../shared/exit_codes.ts";
import { splitScope } from "../../shared/oauth/scope.ts";
import { isExchangeable, jwtFrom } from "../auth/exchange.ts";
import { DEFAULT_MIN_TTL, parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { withTokenFromStdin } from "../auth/stdin_token.ts";
import {
  chooseTokenSource,
  type SelectionWithFederation,
  tokenFrom,
} from "../auth/token_source.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";
import { githubAddMask } from "../process/github_add_mask.ts";

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
      scopes: scope === undefined ? null : splitScope(scope),
      source: source.kind,
      server: source.server ?? null,
      account: source.account ?? null,
    }));
  } else {
    io.stdout(options.header ? `Authorization: Bearer ${token}\n` : `${token}\n`);
  }
  return EXIT.ok;
}

/** The options of `token` without arguments; a test compares them with the declaration's. */
export const DEFAULT_OPTIONS: TokenOptions = { minTtl: DEFAULT_MIN_TTL };

export const runWithoutArguments = (io: ClientIo) => token(DEFAULT_OPTIONS, io);
