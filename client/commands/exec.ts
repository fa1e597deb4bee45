/** `exec`: runs a program with a valid token in its environment. */
import type { Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, collect, exchange, minTtl, server } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { livesFor } from "../oauth/access_token_life.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { isExchangeable, jwtFrom } from "../auth/exchange.ts";
import { parseMinTtl, warnIfTooShort } from "../auth/min_ttl.ts";
import { formatDuration } from "../output.ts";
import type { AccessToken } from "../auth/access_token.ts";
import {
  chooseTokenSource,
  type SelectionWithFederation,
  tokenFrom,
  type TokenSource,
} from "../auth/token_source.ts";
import { openTokenSocket, TOKEN_SOCKET_VARIABLE } from "../auth/token_socket.ts";

export interface ExecOptions extends SelectionWithFederation {
  /** Further variables that hold the token. */
  env?: string[];
  /** As typed, see parseDurationSeconds. */
  minTtl: string;
  exchange?: boolean;
}

/** As shells have them: POSIX.1-2024, Shell and Utilities, 2.8.2. */
const NOT_FOUND = 127;
const CANNOT_BE_RUN = 126;

export async function exec(
  [program, ...args]: readonly string[],
  options: ExecOptions,
  io: ClientIo,
): Promise<number> {
  const minTtlMs = parseMinTtl(options.minTtl);
  const names = options.env ?? [];
  const odd = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd !== undefined) {
    throw new ClientError("invalid_option", `--env ${odd} is no name of a variable.`);
  }
  const source = await chooseTokenSource(options, io);
  const fresh = (minTtlMs: number, io: ClientIo) =>
    options.exchange
      ? jwtFrom(source, minTtlMs, options.scope, io)
      : tokenFrom(source, minTtlMs, io);
  const handedOut = await fresh(minTtlMs, io);
  warnIfTooShort(handedOut, minTtlMs, io);
  const { token } = handedOut;
  const env: Record<string, string> = {};
  for (const name of [`${brand.envPrefix}_TOKEN`, ...names]) env[name] = token;
  // So that the program, if it is this one, sends the token where it came from.
  if (source.server !== undefined) env[`${brand.envPrefix}_SERVER`] = source.server;
  const socket = canBeFollowed(source, handedOut)
    ? await openTokenSocket(token, laterTokens(source, handedOut, fresh), io)
    : undefined;
  if (socket !== undefined) env[TOKEN_SOCKET_VARIABLE] = socket.path;
  const end = await io.runInForeground(program, args, env).finally(() => socket?.close());
  if (typeof end === "number") return end;
  io.stderr(`${program}: ${end}\n`);
  return end === "not found" ? NOT_FOUND : CANNOT_BE_RUN;
}

/** Whether this token expires, and the source may give another one after it. */
function canBeFollowed(source: TokenSource, { expiresAt }: AccessToken): boolean {
  if (expiresAt === undefined) return false;
  return source.kind !== "environment" || source.socket !== undefined ||
    isExchangeable(source);
}

/**
 * What `fresh` gives, at most once at a time. A login's store knows the latest token; of
 * other sessions it is kept here, and handed out while it lives, should no other be had.
 */
function laterTokens(
  source: TokenSource,
  first: AccessToken,
  fresh: (minTtlMs: number, io: ClientIo) => Promise<AccessToken>,
): (minTtlMs: number, io: ClientIo) => Promise<AccessToken> {
  if (source.account !== undefined) return fresh;
  let latest = first;
  let turn: Promise<unknown> = Promise.resolve();
  const next = async (minTtlMs: number, io: ClientIo) => {
    const leftMs = latest.expiresAt! - io.clock.now();
    if (livesFor({ leftMs, lifetimeMs: latest.longestLifeMs }, minTtlMs)) return latest;
    try {
      return latest = await fresh(minTtlMs, io);
    } catch (error) {
      if (leftMs <= 0 || !(error instanceof ClientError)) throw error;
      io.stderr(
        `Warning: ${error.message} The token at hand lives ${formatDuration(leftMs)} more.\n`,
      );
      return latest;
    }
  };
  return (minTtlMs, io) => {
    const result = turn.then(() => next(minTtlMs, io));
    turn = result.catch(() => {});
    return result;
  };
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  exchange(command).argument("<command...>", "after --: the program and its arguments")
    .addOption(server())
    .addOption(account())
    .option("--env <name>", "another variable for the token (repeatable)", collect)
    .addOption(minTtl())
    .addHelpText(
      "after",
      examples(
        [`${bin} exec -- make deploy`, `the token is in ${brand.envPrefix}_TOKEN`],
        [`${bin} exec --env API_TOKEN -- ./deploy.sh production`, "in API_TOKEN as well"],
      ),
    )
    .action((program, options) => client((io) => exec(program, options, io)));
}
