/**
 * `auth git-credential`: answers git's credential helper protocol
 * (gitcredentials(7), git-credential(1)) with a fresh token.
 */
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import { credentialOf, type HelperCredential, withOptions } from "../../helpers/credential.ts";
import { readHelpers } from "../../helpers/helper_store.ts";
import { findHost, insecureTransport, parseRequestedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";
import { hostOf, sameHost } from "../../oauth/host.ts";
import type { Selection } from "../../auth/selection.ts";
import { chooseTokenSource } from "../../auth/token_source.ts";

export interface GitCredentialOptions extends Selection {
  /** Hosts to provide the token for, besides the server's and those on the list. */
  host?: string[];
  user?: string;
  exchange?: boolean;
}

export async function authGitCredential(
  operation: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<number> {
  const request = attributes(await io.readStdin());
  // There is nothing to store, and git may not erase a login.
  if (operation !== "get") return EXIT.ok;
  const { protocol, host } = request.single;
  if (protocol === undefined || host === undefined || !isHost(host)) return EXIT.failure;
  const credential = await credentialForGit(protocol, host, options, io);
  // Without output, git asks other helpers, or the user.
  if (credential === undefined) return EXIT.failure;
  const { token, expiresAt } = credential;
  // A URL such as https://@host/ has an empty user name.
  const user = request.single.username || credential.user;
  io.stdout(
    (takesBearer(request.lists)
      // `ephemeral`: helpers that store credentials are not given this one.
      ? `capability[]=authtype\nauthtype=Bearer\ncredential=${token}\nephemeral=1\n`
      : `protocol=${protocol}\nhost=${host}\nusername=${user}\npassword=${token}\n`) +
      // Keeps caches of git 2.41 and later from using an expired token.
      (expiresAt === undefined ? "" : `password_expiry_utc=${Math.floor(expiresAt / 1000)}\n`),
  );
  return EXIT.ok;
}

/**
 * Whether git sends what it gets as `Authorization: Bearer` (git 2.46 and later), and the host has
 * not challenged it for something else.
 */
function takesBearer(lists: Record<string, string[] | undefined>): boolean {
  const challenges = lists.wwwauth ?? [];
  return (lists.capability ?? []).includes("authtype") &&
    (challenges.length === 0 || challenges.some((challenge) => /^bearer\b/i.test(challenge)));
}

/**
 * Whether it is only a host and a port: git decodes `%2F` in the host of a URL, which then looks
 * like the start of a path.
 */
function isHost(text: string): boolean {
  return /^[^\s\/\\?#@]+$/.test(text);
}

/** Undefined if `host` may not have the token. */
async function credentialForGit(
  protocol: string,
  host: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<HelperCredential | undefined> {
  const { hosts } = await readHelpers(io);
  const entry = findHost(hosts, parseRequestedHost(`${protocol}://${host}`));
  if (entry !== undefined) return await credentialOf(withOptions(entry, options), io);
  if (!await isForHost(host, options, io)) return undefined;
  if (protocol !== "https") throw insecureTransport(host);
  const { server, account, user, exchange } = options;
  return await credentialOf({ host, server, account, user, exchange }, io);
}

/** Whether the command line names the host, or it is the server. */
async function isForHost(
  host: string,
  options: GitCredentialOptions,
  io: ClientIo,
): Promise<boolean> {
  if ((options.host ?? []).some((named) => sameHost(named, host))) return true;
  try {
    const { server } = await chooseTokenSource(options, io);
    return server !== undefined && sameHost(hostOf(server), host);
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  }
}

/** `key=value` lines up to an empty one. The last value of a key counts; `key[]` has several. */
function attributes(text: string) {
  const single: Record<string, string | undefined> = {};
  const lists: Record<string, string[] | undefined> = {};
  const lines = text.split(/\r?\n/);
  const end = lines.indexOf("");
  for (const line of lines.slice(0, end < 0 ? undefined : end)) {
    const equals = line.indexOf("=");
    if (equals < 0) continue;
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1)];
    if (!key.endsWith("[]")) single[key] = value;
    // An empty value clears the list.
    else if (value === "") lists[key.slice(0, -2)] = [];
    else (lists[key.slice(0, -2)] ??= []).push(value);
  }
  return { single, lists };
}
