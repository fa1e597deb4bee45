/** `exec`: runs a program with a valid token in its environment. */
import { valueText } from "../../shared/list_text.ts";
import type { Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, collect, exchange, minTtl, noBrowser, scope, server } from "./options.ts";
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
  /** What the program is called. */
  as?: string;
  /** The name or identifier of a resource. */
  for?: string;
  /** As typed, see parseDurationSeconds. */
  lifetime?: string;
  /** False with --no-revoke: the program's narrow token stays valid after the program has exited. */
  revoke?: boolean;
  /** False with --no-browser. */
  browser?: boolean;
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
  const passed = await tokenForProgram(source, program, options, minTtlMs, io);
  const env: Record<string, string> = {};
  for (const name of [`${brand.envPrefix}_TOKEN`, ...names]) env[name] = passed.first.token;
  // An outer exec may have set other variables to the wider token, by --env.
  for (const [name, value] of Object.entries(io.env)) {
    if (value !== undefined && value === passed.replaced) env[name] = passed.first.token;
  }
  // If the program runs this one again, the token goes to its own server.
  if (source.server !== undefined) env[`${brand.envPrefix}_SERVER`] = source.server;
  const socket = passed.renewed && await openTokenSocket(passed.first.token, passed.renewed, io);
  // Without one, a socket of an outer exec is none for this token.
  if (socket !== undefined) env[TOKEN_SOCKET_VARIABLE] = socket.path;
  else if (io.env[TOKEN_SOCKET_VARIABLE]) env[TOKEN_SOCKET_VARIABLE] = "";
  const result = await io.runInForeground(program, args, env).finally(() =>
    Promise.all([socket?.close(), passed.release?.()])
  );
  if (typeof result === "number") return result;
  const { exitCode, message } = START_FAILURES[result];
  io.stderr(`Error: ${valueText(program)}: ${message}\n`);
  return exitCode;
}

interface PassedToken {
  first: AccessToken;
  /** Later tokens; undefined if it cannot be renewed. */
  renewed?: (minTtlMs: number, io: ClientIo) => Promise<AccessToken>;
  /** The wider token of the environment, which the program does not get. */
  replaced?: string;
  /** Called once the program has exited. */
  release?: () => Promise<void>;
}

async function tokenForProgram(
  source: TokenSource,
  program: string,
  options: ExecOptions,
  minTtlMs: number,
  io: ClientIo,
): Promise<PassedToken> {
  const { as, scope, for: resource, lifetime } = options;
  const needsCode = [as, scope, resource, lifetime].some((option) => option !== undefined);
  const delegation = needsCode ? await import("../auth/delegated_token.ts") : undefined;
  if (delegation?.isDelegated(source, options)) {
    const first = await delegation.delegatedToken(source, program, options, io);
    const release = options.revoke === false
      ? undefined
      : () => delegation.revokeDelegated(source, first, io);
    return { first, replaced: source.kind === "environment" ? source.token : undefined, release };
  }
  const { tokenForOptions } = resource === undefined
    ? { tokenForOptions: undefined }
    : await import("./request_token.ts");
  // Only the first one may wait for an approval: later, the terminal belongs to the program.
  const fresh = (minTtlMs: number, io: ClientIo, wait = false) =>
    tokenForOptions !== undefined
      ? tokenForOptions(source, { ...options, wait }, minTtlMs, io)
      : options.exchange
      ? jwtFrom(source, minTtlMs, options.scope, io)
      : tokenFrom(source, minTtlMs, io);
  const first = await fresh(minTtlMs, io, true);
  warnIfTooShort(first, minTtlMs, io);
  return {
    first,
    renewed: canBeRenewed(source, first)
      ? laterTokens(source, first, (minTtlMs, io) => fresh(minTtlMs, io))
      : undefined,
  };
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
      .addOption(minTtl())
      .addOption(scope("give the program a narrow token with only these scopes"))
      .option("--for <resource>", "a token for this resource: its name or identifier")
      .option("--lifetime <duration>", "a narrow token that expires after this time: 15m, 1h")
      .option("--as <name>", "what the program of a narrow token is called (default: its file)")
      .option("--no-revoke", "leave a narrow token valid after the program has exited")
      .addOption(noBrowser()),
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
        [
          `${bin} exec --as "Claude Code" --scope read --lifetime 1h claude`,
          "an agent gets a narrow token in place of your login",
        ],
      ),
    )
    .action((program, options) => client((io) => exec(program, options, io)));
}
