/**
 * The narrow token that `exec` gives a program in place of the user's login: with fewer scopes, for
 * a limited time, and with a name for the program. It cannot be renewed.
 */
import { basename } from "../../shared/path.ts";
import { brand } from "../../shared/brand.ts";
import { toLoginName } from "../../shared/login_name.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { revokeUnused } from "../oauth/revocation.ts";
import { formatDuration } from "../output.ts";
import type { AccessToken } from "./access_token.ts";
import { ApprovalRequiredError } from "./approval_required.ts";
import { isExchangeable } from "./exchange.ts";
import { parseLifetime } from "./lifetime.ts";
import { narrowedEnvironmentToken } from "./narrowed_environment_token.ts";
import { forgetNarrowToken, rememberNarrowToken } from "./narrow_tokens.ts";
import { type TokenRequest, unsharedToken } from "./requested_token.ts";
import type { StepUpOptions } from "./step_up.ts";
import { serverOf, type TokenSource } from "./token_source.ts";

export interface DelegationOptions extends StepUpOptions {
  /** What the program is called, for the claim `act` (RFC 8693 section 4.1). */
  as?: string;
  scope?: string[];
  /** The name or identifier of a resource. */
  for?: string;
  /** As typed, see parseDurationSeconds. */
  lifetime?: string;
  /** Exchange a personal access token. */
  exchange?: boolean;
}

/**
 * Whether the options request a narrow token. Not for a personal access token with --exchange, nor
 * for the identity of a CI job: these have only --scope, and are exchanged again for each token.
 */
export function isDelegated(
  source: TokenSource,
  { as, scope, for: resource, lifetime, exchange }: DelegationOptions,
): boolean {
  const forLogin = [as, resource, lifetime].some((option) => option !== undefined);
  if (source.kind === "federation") {
    if (!forLogin) return false;
    throw new ClientError(
      "invalid_option",
      "--as, --for and --lifetime are for a login. With the identity of a CI job, use --scope; " +
        "its trust rule has the lifetime.",
    );
  }
  if (isExchangeable(source) && (forLogin || scope !== undefined)) {
    if (exchange && !forLogin) return false;
    throw new ClientError(
      "invalid_option",
      "--as, --for and --lifetime are for a login. With a personal access token, use --exchange " +
        "and --scope; for others, unset the variable to use a login.",
    );
  }
  return as !== undefined || scope !== undefined || lifetime !== undefined;
}

/** Throws ClientError, also if a person has to approve the token first and it does not wait. */
export async function delegatedToken(
  source: TokenSource,
  program: string,
  options: DelegationOptions,
  io: ClientIo,
): Promise<AccessToken> {
  const lifetime = options.lifetime === undefined ? undefined : parseLifetime(options.lifetime);
  const actor = options.as === undefined ? programName(program) : toLoginName(options.as);
  if (actor === undefined) {
    throw new ClientError(
      "invalid_option",
      `--as needs a name for the program. Example: --as "Claude Code".`,
    );
  }
  const request: TokenRequest = { scope: options.scope, resource: options.for, lifetime, actor };
  const token = await requestToken(source, request, options, io).catch((error) => {
    throw error instanceof ApprovalRequiredError ? error.forOtherCommand() : error;
  });
  reportLifetime(token, lifetime, io);
  await rememberNarrowToken(token, io);
  return token;
}

/** A failure is only a warning: the program has exited. */
export async function revokeDelegated(
  source: TokenSource,
  narrow: AccessToken,
  io: ClientIo,
): Promise<void> {
  const { token, expiresAt = 0 } = narrow;
  const remainingMs = expiresAt - io.clock.now();
  if (remainingMs <= 0) return;
  const obstacle = await revokeUnused(serverOf(source), {
    accessToken: token,
    refreshToken: undefined,
  }, io);
  if (obstacle === undefined) return await forgetNarrowToken(narrow, io);
  io.stderr(
    `Warning: the program's token could not be revoked, and is valid for another ${
      formatDuration(remainingMs)
    }. ${obstacle.message} To revoke it, open ${serverOf(source)}/devices\n`,
  );
}

async function requestToken(
  source: TokenSource,
  request: TokenRequest,
  options: StepUpOptions,
  io: ClientIo,
): Promise<AccessToken> {
  switch (source.kind) {
    case "environment":
      return await narrowedEnvironmentToken(source, request, 0, io, options);
    case "federation":
      throw new TypeError("a CI job has no login");
    default:
      return await unsharedToken(source, request, io, options);
  }
}

function programName(program: string): string {
  return toLoginName(basename(program).replace(/\.exe$/i, "")) ?? brand.binaryName;
}

function reportLifetime(
  { maxLifetimeMs = 0 }: AccessToken,
  requested: number | undefined,
  { stderr, stderrIsTerminal }: Pick<ClientIo, "stderr" | "stderrIsTerminal">,
): void {
  const duration = formatDuration(maxLifetimeMs);
  if (requested !== undefined && maxLifetimeMs < requested * 1000) {
    stderr(
      `Warning: the program's token is valid for ${duration}, less than --lifetime ${
        formatDuration(requested * 1000)
      }: the server or the token it came from allows no more.\n`,
    );
  } else if (requested === undefined && stderrIsTerminal) {
    stderr(
      `Note: the program's token is valid for ${duration} and cannot be renewed. ` +
        `For another time, add --lifetime, for example --lifetime 1h.\n`,
    );
  }
}
