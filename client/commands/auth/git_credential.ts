/**
 * `auth git-credential`: answers git's credential helper protocol
 * (gitcredentials(7), git-credential(1)) with a fresh token as the password.
 */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { jwtFrom } from "../../auth/exchange.ts";
import { hostOf, sameHost } from "../../oauth/host.ts";
import type { Selection } from "../../auth/selection.ts";
import { chooseTokenSource, tokenFrom, type TokenSource } from "../../auth/token_source.ts";

export interface GitCredentialOptions extends Selection {
  /** Hosts that may have the token besides the server's own. */
  host?: string[];
  user?: string;
  exchange?: boolean;
}

/** A push may take a while; its token must outlive it. In milliseconds. */
const MIN_TTL_MS = 5 * 60_000;

export async function authGitCredential(
  operation: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<number> {
  const asked = attributes(await io.readStdin());
  // Tokens are kept elsewhere already: there is nothing to store, and git may not erase a login.
  if (operation !== "get") return EXIT.ok;
  const { protocol, host } = asked;
  if (host === undefined) return EXIT.failure;
  const source = await sessionFor(host, options, io);
  // Other hosts are other helpers' business: silence makes git ask those, or the user.
  if (source === undefined) return EXIT.failure;
  if (protocol !== "https") {
    throw new ClientError(
      "insecure_transport",
      `${brand.binaryName}: no token for ${host} over ${protocol}: ` +
        `anyone on the way could read it. Use https.`,
    );
  }
  const { token, expiresAt } = options.exchange
    ? await jwtFrom(source, MIN_TTL_MS, undefined, io)
    : await tokenFrom(source, MIN_TTL_MS, io);
  // An address such as https://@host/ asks for an empty name, which is nobody's.
  const user = asked.username || options.user || source.account || "x-access-token";
  io.stdout(
    `protocol=https\nhost=${host}\nusername=${user}\npassword=${token}\n` +
      // Keeps caches of git 2.41 and later from giving out a dead token.
      (expiresAt === undefined ? "" : `password_expiry_utc=${Math.floor(expiresAt / 1000)}\n`),
  );
  return EXIT.ok;
}

/** Whose token `host` may have; undefined if none. */
async function sessionFor(
  host: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<TokenSource | undefined> {
  const named = (options.host ?? []).some((each) => sameHost(each, host));
  try {
    const source = await chooseTokenSource(options, io);
    const own = source.server !== undefined && sameHost(hostOf(source.server), host);
    return named || own ? source : undefined;
  } catch (error) {
    if (error instanceof ClientError && !named) return undefined;
    throw error;
  }
}

/** `key=value` lines up to an empty one; of a key that comes twice, the last counts. */
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
