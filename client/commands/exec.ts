/** `exec`: runs a program with a valid token in its environment. */
import { valueText } from "../../shared/list_text.ts";
import type { Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, collect, exchange, minTtl, server } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { isValidAtLeast } from "../oauth/access_token_expiry.ts";
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
  /** Further variables to set to the token. */
  env?: string[];
  /** As typed, see parseDurationSeconds. */
  minTtl: string;
  exchange?: boolean;
}

/** POSIX.1-2024, Shell and Utilities, 2.8.2. */
const START_FAILURES = {
  not_found: { exitCode: 127, message: "not found" },
  not_executable: { exitCode: 126, message: "cannot be executed" },
};

export async function exec(
  [program, ...args]: readonly string[],
  options: ExecOptions,
  io: ClientIo,
): Promise<number> {
  const minTtlMs = parseMinTtl(options.minTtl);
  const names = options.env ?? [];
  const invalid = names.find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (invalid !== undefined) {
    throw new ClientError(
      "invalid_option",
      `--env ${valueText(invalid)} is not a valid variable name. Example: --env API_TOKEN.`,
    );
  }
  const source = await chooseTokenSource(options, io);
  const fresh = (minTtlMs: number, io: ClientIo) =>
    options.exchange
      ? jwtFrom(source, minTtlMs, options.scope, io)
      : tokenFrom(source, minTtlMs, io);
  const first = await fresh(minTtlMs, io);
  warnIfTooShort(first, minTtlMs, io);
  const { token } = first;
  const env: Record<string, string> = {};
  for (const name of [`${brand.envPrefix}_TOKEN`, ...names]) env[name] = token;
  // If the program runs this one again, the token goes to its own server.
  if (source.server !== undefined) env[`${brand.envPrefix}_SERVER`] = source.server;
  const socket = canBeRenewed(source, first)
    ? await openTokenSocket(token, laterTokens(source, first, fresh), io)
    : undefined;
  if (socket !== undefined) env[TOKEN_SOCKET_VARIABLE] = socket.path;
  const result = await io.runInForeground(program, args, env).finally(() => socket?.close());
  if (typeof result === "number") return result;
  const { exitCode, message } = START_FAILURES[result];
  io.stderr(`Error: ${valueText(program)}: ${message}\n`);
  return exitCode;
}

/** Whether this token expires, and the source may give another one after it. */
function canBeRenewed(source: TokenSource, { expiresAt }: AccessToken): boolean {
  if (expiresAt === undefined) return false;
  return source.kind !== "environment" || source.socket !== undefined ||
    isExchangeable(source);
}

/**
 * Calls `fresh`, one call at a time. The store of a login has its latest token; for other sources
 * it is kept here, and returned as long as it is valid if no other is available.
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
    const remainingMs = latest.expiresAt! - io.clock.now();
    if (isValidAtLeast({ remainingMs, lifetimeMs: latest.maxLifetimeMs }, minTtlMs)) return latest;
    try {
      return latest = await fresh(minTtlMs, io);
    } catch (error) {
      if (remainingMs <= 0 || !(error instanceof ClientError)) throw error;
      io.stderr(
        `Warning: ${error.message} The current token is valid for another ${
          formatDuration(remainingMs)
        }.\n`,
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
  exchange(
    command.usage("[options] [--] <program> [arguments...]")
      .argument("<program...>", "the program and its arguments; options before it are for exec")
      // Everything from the program on is for the program.
      .passThroughOptions()
      .addOption(server())
      .addOption(account())
      .option("--env <name>", "also set this variable to the token (repeatable)", collect)
      .addOption(minTtl()),
  )
    .addHelpText(
      "after",
      examples(
        [`${bin} exec make deploy`, `the token is in ${brand.envPrefix}_TOKEN`],
        [
          `${bin} exec --env API_TOKEN ./deploy.sh --dry-run`,
          "the token is in API_TOKEN as well; --dry-run is for deploy.sh",
        ],
        [`${bin} exec sh -c 'make build && make deploy'`, "several commands, in a shell"],
      ),
    )
    .action((program, options) => client((io) => exec(program, options, io)));
}
