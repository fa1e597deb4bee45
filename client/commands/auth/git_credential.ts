/**
 * `auth git-credential`: answers git's credential helper protocol
 * (gitcredentials(7), git-credential(1)) with a fresh token as the password.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { jwtFrom } from "../../auth/exchange.ts";
import { hostOf, sameHost } from "../../oauth/host.ts";
import type { Selection } from "../../auth/selection.ts";
import { chooseTokenSource, tokenFrom, type TokenSource } from "../../auth/token_source.ts";

export interface GitCredentialOptions extends Selection {
  /** Hosts to provide the token for, besides the server's. */
  host?: string[];
  user?: string;
  exchange?: boolean;
}

/** The token has to outlive a long push. */
const MIN_TTL_MS = 5 * 60_000;

export async function authGitCredential(
  operation: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<number> {
  const request = attributes(await io.readStdin());
  // There is nothing to store, and git may not erase a login.
  if (operation !== "get") return EXIT.ok;
  const { protocol, host } = request;
  if (host === undefined) return EXIT.failure;
  const source = await sourceFor(host, options, io);
  // Without output, git asks other helpers, or the user.
  if (source === undefined) return EXIT.failure;
  if (protocol !== "https") {
    throw new ClientError(
      "insecure_transport",
      `The token is not sent to ${host} over ${protocol}: ` +
        `anyone on the network could read it. Use https.`,
    );
  }
  const { token, expiresAt } = options.exchange
    ? await jwtFrom(source, MIN_TTL_MS, undefined, io)
    : await tokenFrom(source, MIN_TTL_MS, io);
  // A URL such as https://@host/ has an empty user name.
  const user = request.username || options.user || source.account || "x-access-token";
  io.stdout(
    `protocol=https\nhost=${host}\nusername=${user}\npassword=${token}\n` +
      // Keeps caches of git 2.41 and later from using an expired token.
      (expiresAt === undefined ? "" : `password_expiry_utc=${Math.floor(expiresAt / 1000)}\n`),
  );
  return EXIT.ok;
}

/** Undefined if `host` may not have the token. */
async function sourceFor(
  host: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<TokenSource | undefined> {
  const named = (options.host ?? []).some((named) => sameHost(named, host));
  try {
    const source = await chooseTokenSource(options, io);
    const own = source.server !== undefined && sameHost(hostOf(source.server), host);
    return named || own ? source : undefined;
  } catch (error) {
    if (error instanceof ClientError && !named) return undefined;
    throw error;
  }
}

/** `key=value` lines up to an empty one; the last value of a key counts. */
function attributes(text: string): Record<string, string | undefined> {
  const lines = text.split(/\r?\n/);
  const end = lines.indexOf("");
  return Object.fromEntries(
    lines.slice(0, end < 0 ? undefined : end).flatMap((line) => {
      const equals = line.indexOf("=");
      return equals < 0 ? [] : [[line.slice(0, equals), line.slice(equals + 1)]];
    }),
  );
}
