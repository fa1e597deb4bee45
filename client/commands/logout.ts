/** `logout`: revokes the login on the server (RFC 7009), then deletes its credentials. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { account, server } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import type { PersonalAccessToken } from "../pat/token.ts";
import { revoke } from "../oauth/revocation.ts";
import { forgetLogin, listLogins, type Login, storedCredentials } from "../auth/login_store.ts";
import { selectLogin } from "../auth/select_login.ts";
import { activeTokensOfLogin } from "../pat/tokens_of_login.ts";

export interface LogoutOptions {
  server?: string;
  account?: string;
  all?: boolean;
  /** Also revoke the personal access tokens that the login created. */
  revokeTokens?: boolean;
  /** Delete the credentials even if the server cannot be reached. */
  force?: boolean;
}

export async function logout(options: LogoutOptions, io: ClientIo): Promise<number> {
  const logins = options.all ? await listLogins(io) : [await selectLogin(options, io)];
  if (logins.length === 0) throw notLoggedIn();
  let exitCode: number = EXIT.ok;
  for (const login of logins) {
    try {
      // After the logout they can no longer be listed.
      const tokens = await activeTokensOfLogin(login, io);
      const { outcome, tokensRevoked } = await revokeLogin(login, options, io);
      io.stderr(
        `Logged out ${login.account} from ${login.server}. ${OUTCOME[outcome]}\n`,
      );
      reportTokens(login, tokens, tokensRevoked, io);
      if (options.revokeTokens && !tokensRevoked && tokens?.length !== 0) {
        exitCode ||= EXIT.failure;
      }
    } catch (error) {
      // With --all, a server that is down does not prevent the other logouts.
      const known = error instanceof ClientError || error instanceof CredentialStoreError;
      if (!known || io.signal.aborted) throw error;
      io.stderr(
        `Error: still logged in to ${login.server} as ${login.account}: ${error.message} ` +
          `To delete the credentials anyway, run: ${brand.binaryName} logout --force\n`,
      );
      exitCode = error.exitCode;
    }
  }
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    io.stderr(`${brand.envPrefix}_TOKEN is still set; unset it to stop using that token.\n`);
  }
  return exitCode;
}

type Outcome = "revoked" | "not_revoked" | "nothing_stored";

const OUTCOME: Record<Outcome, string> = {
  revoked: "The login was revoked on the server, so copies of its credentials no longer work. " +
    "Other logins are not affected.",
  not_revoked: "Only the credentials stored here were deleted. The login stays valid on the " +
    "server until it expires, and so do copies of its credentials.",
  nothing_stored: "No credentials were stored here, so nothing was revoked on the server.",
};

/** Personal access tokens outlive the login that created them. */
function reportTokens(
  { server }: Login,
  tokens: readonly PersonalAccessToken[] | undefined,
  revoked: boolean,
  io: Pick<ClientIo, "stderr">,
): void {
  if (tokens?.length === 0) return;
  const listed = tokens?.map(({ name, prefix }) =>
    `${sanitizeLine(name)} (${sanitizeLine(prefix)}…)`
  )
    .join(", ");
  if (revoked) {
    io.stderr(`Revoked the tokens created with this login${listed ? `: ${listed}` : ""}.\n`);
  } else if (listed === undefined) {
    // There is no list: the login expired, or may not read it.
    io.stderr(
      `Any personal access tokens created with this login still work. See ${server}/tokens\n`,
    );
  } else {
    io.stderr(
      `Personal access tokens created with this login still work: ${listed}.\n` +
        `Revoke them at ${server}/tokens, or next time with: ` +
        `${brand.binaryName} logout --revoke-tokens\n`,
    );
  }
}

async function revokeLogin(
  login: Login,
  { force, revokeTokens: tokensToo }: LogoutOptions,
  io: ClientIo,
): Promise<{ outcome: Outcome; tokensRevoked: boolean }> {
  const { loginStore, entry } = login;
  // Under the lock, so that no renewal at the same time stores new tokens.
  return await loginStore.withLock(login, async () => {
    const stored = await storedCredentials(login, loginStore.store, entry, (error) => {
      if (!force) throw error;
      io.stderr(`Warning: ${error.message}\n`);
    }, io);
    let outcome: Outcome = stored.length > 0 ? "revoked" : "nothing_stored";
    let tokensRevoked = tokensToo === true && stored.length > 0;
    for (const { credentials } of stored) {
      // Without a refresh token, the server does not know which tokens a login created.
      const mayRevokeTokens = credentials.refreshToken !== undefined;
      tokensRevoked &&= mayRevokeTokens;
      try {
        await revoke(login.server, credentials, io, { tokensToo: tokensToo && mayRevokeTokens });
      } catch (error) {
        if (!force || !(error instanceof ClientError)) throw error;
        io.stderr(
          `Warning: ${error.message} The login stays valid on the server until it expires.\n`,
        );
        outcome = "not_revoked";
        tokensRevoked = false;
      }
    }
    await forgetLogin(login, io).catch((error) => {
      if (!(error instanceof CredentialStoreError) || outcome !== "revoked") throw error;
      throw new CredentialStoreError(`The login was revoked on the server. ${error.message}`);
    });
    return { outcome, tokensRevoked };
  });
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(account())
    .option("--all", "log out of every server and account")
    .option("--revoke-tokens", "also revoke the personal access tokens created with this login")
    .option("--force", "delete the credentials even if the server cannot be reached")
    .addHelpText(
      "after",
      examples([`${bin} logout`, "log out of the active account"], [
        `${bin} logout --all`,
        "log out everywhere",
      ]),
    )
    .action((options) => client((io) => logout(options, io)));
}
