/** `exec`: runs a program with a valid token in its environment. */
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError } from "../client_error.ts";
import type { ClientIo } from "../client_io.ts";
import { sessionJwt } from "../exchange.ts";
import { parseMinTtl, warnIfTooShort } from "../min_ttl.ts";
import { chooseSession, type SelectionWithFederation, sessionToken } from "../session.ts";

export interface ExecOptions extends SelectionWithFederation {
  /** Further variables that hold the token. */
  env?: string[];
  /** As typed, see parseDuration. */
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
    throw new ClientError(EXIT.usage, `--env ${odd} is no name of a variable.`);
  }
  const session = await chooseSession(options, io);
  const handedOut = options.exchange
    ? await sessionJwt(session, minTtlMs, options.scope, io)
    : await sessionToken(session, minTtlMs, io);
  warnIfTooShort(handedOut, minTtlMs, io);
  const { token } = handedOut;
  const env: Record<string, string> = {};
  for (const name of [`${brand.envPrefix}_TOKEN`, ...names]) env[name] = token;
  // So that the program, if it is this one, sends the token where it came from.
  if (session.server !== undefined) env[`${brand.envPrefix}_SERVER`] = session.server;
  const end = await io.runInForeground(program, args, env);
  if (typeof end === "number") return end;
  io.stderr(`${program}: ${end}\n`);
  return end === "not found" ? NOT_FOUND : CANNOT_BE_RUN;
}
