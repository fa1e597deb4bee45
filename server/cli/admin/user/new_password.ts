import { parseExpiry } from "../../../../shared/expiry.ts";
import type { AskSecret } from "../../../../shared/secret_prompt.ts";
import type { LinkParams } from "../../../admin/password_link_operations.ts";
import type { ServerIo } from "../../../io.ts";
import { hashPassword } from "../../../security/password_hash.ts";
import { type PasswordContext, passwordProblem } from "../../../security/password_rules.ts";
import { reportFailure, reportUsage } from "../../failure.ts";

/** How a user gets a password, as the command line passes it. */
export interface PasswordOptions {
  passwordStdin?: boolean;
  /** Print a link; `--invite` of `admin user add`. */
  link?: boolean;
  /** Send the link to the user's address. */
  mail?: boolean;
  /** Lifetime of the link. */
  expires?: string;
}

/** A password, hashed, or a link with which the user chooses one. */
export type NewPassword =
  | { passwordHash: string; link?: undefined }
  | { passwordHash?: undefined; link: LinkParams };

/** In seconds. */
const MIN_LIFETIME = 60;
const MAX_LIFETIME = 30 * 86_400;
/** How often a password may be typed. */
const ATTEMPTS = 3;

/**
 * Reads the password from standard input or a terminal, or what the link should be; the exit code
 * if that fails. `linkOption` is the option that prints a link, and `lifetime` its default, as on
 * the command line.
 */
export async function chooseNewPassword(
  options: PasswordOptions,
  { linkOption, lifetime, user }: {
    linkOption: string;
    lifetime: string;
    /** What the password may not consist of. */
    user: PasswordContext;
  },
  io: ServerIo,
): Promise<NewPassword | number> {
  const link = options.link === true || options.mail === true;
  if (link && options.passwordStdin === true) {
    return reportUsage(`Use either --password-stdin or ${linkOption}, not both.`, io);
  }
  if (!link && options.expires !== undefined) {
    return reportUsage(`--expires is for links: use it with ${linkOption} or --mail.`, io);
  }
  if (link) {
    const params = readLinkOptions(options, lifetime, io);
    return typeof params === "number" ? params : { link: params };
  }
  const password = options.passwordStdin === true
    ? await readPasswordFromStdin(user, io)
    : await promptForPassword(user, io);
  if (password === undefined) {
    return reportUsage(
      "No terminal to ask for the password. Use --password-stdin to read it from standard " +
        `input, or ${linkOption} to print a link with which the user chooses it.`,
      io,
    );
  }
  if (typeof password === "number") return password;
  return { passwordHash: await hashPassword(password) };
}

/** What a link should be; the exit code if `--expires` is not valid. */
export function readLinkOptions(
  { mail, expires }: Pick<PasswordOptions, "mail" | "expires">,
  defaultLifetime: string,
  io: ServerIo,
): LinkParams | number {
  const now = io.clock.now();
  const expiresAt = parseExpiry(expires ?? defaultLifetime, now) ?? 0;
  const lifetimeSeconds = Math.floor((expiresAt - now) / 1000);
  if (lifetimeSeconds < MIN_LIFETIME || lifetimeSeconds > MAX_LIFETIME) {
    return reportUsage(
      "--expires: use a duration or a date from 1 minute to 30 days ahead, such as 12h or 3d.",
      io,
    );
  }
  return { lifetimeSeconds, mail: mail === true };
}

/** The password on standard input; the exit code if it is not valid. */
export async function readPasswordFromStdin(
  user: PasswordContext,
  io: ServerIo,
): Promise<string | number> {
  const password = (await io.readStdin()).replace(/\r?\n$/, "");
  const problem = passwordProblem(password, user);
  return problem === undefined ? password : reportUsage(problem, io);
}

/** Undefined without a terminal; the exit code if no valid password was typed. */
async function promptForPassword(
  user: PasswordContext,
  io: ServerIo,
): Promise<string | number | undefined> {
  try {
    return await io.promptSecrets((ask) => askTwice(ask, user, io));
  } catch (error) {
    return reportFailure(error, io);
  }
}

async function askTwice(
  ask: AskSecret,
  user: PasswordContext,
  io: ServerIo,
): Promise<string | number> {
  for (let attempt = 1;; attempt++) {
    const password = await ask("Password: ");
    const problem = passwordProblem(password, user) ??
      (await ask("Confirm password: ") === password ? undefined : "The passwords do not match.");
    if (problem === undefined) return password;
    if (attempt === ATTEMPTS) return reportUsage(problem, io);
    io.stderr(`${problem} Try again.\n`);
  }
}
