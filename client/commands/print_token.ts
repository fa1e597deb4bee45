/** What `token` does: prints an access token on stdout, for scripts. */
import { EXIT } from "../../shared/exit_codes.ts";
import { splitScope } from "../../shared/oauth/scope.ts";
import type { AccessToken } from "../auth/access_token.ts";
import { isExchangeable, jwtFrom } from "../auth/exchange.ts";
import { DEFAULT_MIN_TTL, parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { withTokenFromStdin } from "../auth/stdin_token.ts";
import {
  chooseTokenSource,
  type SelectionWithFederation,
  tokenFrom,
  type TokenSource,
} from "../auth/token_source.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
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
  /** The name or identifier of a resource. */
  for?: string;
  /** As typed, see parseDurationSeconds. */
  lifetime?: string;
  /** A WWW-Authenticate value; `-`: read it from standard input. */
  challenge?: string;
  /** Continue a pending approval: true, or its id. */
  resume?: string | boolean;
  /** False with --no-wait. */
  wait?: boolean;
  /** False with --no-browser. */
  browser?: boolean;
}

export async function token(options: TokenOptions, processIo: ClientIo): Promise<number> {
  const io = await withTokenFromStdin(options, processIo);
  const minTtlMs = parseMinTtl(options.minTtl);
  try {
    const printed = await printedToken(options, minTtlMs, io);
    warnIfTooShort(printed, minTtlMs, io);
    printToken(printed, options, io);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== "approval_required") throw error;
    const { reportRequiredApproval } = await import("./report_required_approval.ts");
    return reportRequiredApproval(error, options, io);
  }
}

/** A token with what `--json` says about its source. */
export interface PrintedToken extends AccessToken {
  source: TokenSource["kind"];
  server: string | undefined;
  account: string | undefined;
}

async function printedToken(
  options: TokenOptions,
  minTtlMs: number,
  io: ClientIo,
): Promise<PrintedToken> {
  if (options.resume !== undefined) {
    const { resumedToken } = await import("./request_token.ts");
    return await resumedToken(options, io);
  }
  const source = await chooseTokenSource(options, io);
  const isFurther = options.for ?? options.lifetime ?? options.challenge;
  let handedOut: AccessToken;
  if (options.exchange && isExchangeable(source) && isFurther === undefined) {
    handedOut = await jwtFrom(source, minTtlMs, options.scope, io);
  } else if (isFurther === undefined && options.scope === undefined) {
    handedOut = await tokenFrom(source, minTtlMs, io);
  } else {
    const { tokenForOptions } = await import("./request_token.ts");
    handedOut = await tokenForOptions(source, options, minTtlMs, io);
  }
  const { server, account } = source;
  return { ...handedOut, source: source.kind, server, account };
}

function printToken(printed: PrintedToken, options: TokenOptions, io: ClientIo): void {
  const { token, expiresAt, scope } = printed;
  githubAddMask(token, io);
  if (!options.json) {
    io.stdout(options.header ? `Authorization: Bearer ${token}\n` : `${token}\n`);
    return;
  }
  const audience = unverifiedClaims(token)?.aud;
  io.stdout(formatJson({
    token,
    tokenType: "Bearer",
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
    scopes: scope === undefined ? null : splitScope(scope),
    resource: typeof audience === "string" ? audience : null,
    source: printed.source,
    server: printed.server ?? null,
    account: printed.account ?? null,
  }));
}

/** The options of `token` without arguments; a test compares them with the declaration's. */
export const DEFAULT_OPTIONS: TokenOptions = {
  minTtl: DEFAULT_MIN_TTL,
  wait: true,
  browser: true,
};

export const runWithoutArguments = (io: ClientIo) => token(DEFAULT_OPTIONS, io);
