/** `token`: an access token on stdout, for scripts. */
import { EXIT } from "../../shared/exit_codes.ts";
import { maskInActions } from "../process/github_add_mask.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isTradable, sessionJwt } from "../auth/exchange.ts";
import { parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { formatJson } from "../output.ts";
import { chooseSession, type SelectionWithFederation, sessionToken } from "../auth/token_source.ts";

export interface TokenOptions extends SelectionWithFederation {
  /** As typed, see parseDuration. */
  minTtl: string;
  /** Trade a personal access token for a JWT. */
  exchange?: boolean;
  header?: boolean;
  json?: boolean;
}

export async function token(options: TokenOptions, io: ClientIo): Promise<number> {
  const minTtlMs = parseMinTtl(options.minTtl);
  const session = await chooseSession(options, io);
  const scopeFits = session.source === "federation" || (options.exchange && isTradable(session));
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
  maskInActions(token, io);
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
