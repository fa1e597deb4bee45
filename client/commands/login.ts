/** `login`: the device flow, from a code on screen to credentials in their store. */
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { scope, server } from "./options.ts";
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatTimeWithDistance } from "../../shared/format_time.ts";
import type { TokenResponse } from "../../shared/oauth/token_response.ts";
import type { UserinfoResponse } from "../../shared/oauth/userinfo_response.ts";
import { type AuthorizationServer, discover } from "../oauth/discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { Credentials } from "../credentials/store.ts";
import { authorizeDevice, pollForTokens } from "../oauth/device_flow.ts";
import { identifyUser } from "../oauth/identify_user.ts";
import { styleFor } from "../output.ts";
import { credentialsFrom } from "../oauth/stored_login.ts";
import { revokeUnused } from "../oauth/revocation.ts";
import { UnexpectedServerError } from "../oauth/no_response_error.ts";
import { activeServer, listLogins, openLoginStore, saveLogin } from "../auth/login_store.ts";
import { selectedServer } from "../auth/selection.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { describeUser } from "../oauth/userinfo.ts";
import { showCode } from "../ui/show_code.ts";
import { startCountdown } from "../ui/countdown.ts";

export interface LoginOptions {
  server?: string;
  scope?: string[];
  /** False with --no-browser. */
  browser: boolean;
  qr?: boolean;
  insecureStorage?: boolean;
}

export async function login(options: LoginOptions, io: ClientIo): Promise<number> {
  const issuer = selectedServer(options, io) ?? await activeServer(io) ?? brand.defaultServer;
  io.stderr(`Logging in to ${issuer}\n`);
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    io.stderr(
      `Warning: ${brand.envPrefix}_TOKEN is set and takes precedence over this login. ` +
        `Unset it to use the login.\n`,
    );
  }
  // Before the user is asked to approve: a login that cannot be stored is useless.
  const loginStore = await openLoginStore(options.insecureStorage ?? false, io);
  const server = await discoverForLogin(issuer, io);
  const scope = requestedScope(options.scope);
  const authorization = await authorizeDevice(server, { scope }, io);
  await showCode(authorization, options, io);

  const line = startCountdown(authorization.expiresAt, io);
  const response = await pollForTokens(server, authorization, io, line.wait).finally(line.clear);
  const { tokens, receivedAt } = response;

  const credentials = credentialsFrom(response, { scope });
  let user: UserinfoResponse;
  let replaced: Credentials[];
  try {
    user = await identifyUser(server, tokens, io);
    const key = { server: issuer, account: user.email ?? user.sub };
    replaced = await saveLogin(key, user.sub, credentials, loginStore, io);
  } catch (error) {
    // These tokens are lost, so the login must not stay valid on the server.
    await revokeUnused(issuer, credentials, io);
    throw error;
  }
  io.stderr(
    `Logged in to ${issuer} as ${styleFor(io).bold(describeUser(user))}\n` +
      `Credentials: ${loginStore.store.description}\n` +
      `${describeExpiry(tokens, receivedAt, io)}\n`,
  );
  await revokeReplaced(issuer, replaced, io);
  return EXIT.ok;
}

/**
 * Without an earlier login to this server, a response from something else means a mistyped
 * address rather than the sign-in page of a network: trying again will not help.
 */
async function discoverForLogin(issuer: string, io: ClientIo): Promise<AuthorizationServer> {
  try {
    return await discover(issuer, io);
  } catch (error) {
    if (!(error instanceof UnexpectedServerError)) throw error;
    if ((await listLogins(io)).some(({ server }) => server === issuer)) throw error;
    throw new ClientError(
      "connection_failed",
      `${issuer} is not an authorization server, or ${error.reason}. Check the address.`,
    );
  }
}

/** The new login is stored, so a failure to revoke an earlier one is only a warning. */
async function revokeReplaced(
  issuer: string,
  replaced: readonly Credentials[],
  io: ClientIo,
): Promise<void> {
  for (const credentials of replaced) {
    const error = await revokeUnused(issuer, credentials, io);
    io.stderr(
      error === undefined
        ? "The earlier login on this machine was revoked.\n"
        : `Warning: the earlier login on this machine could not be revoked: ${error.message} ` +
          `It is valid until it expires or you revoke it at ${issuer}\n`,
    );
  }
}

const DEFAULT_SCOPES = ["profile", "email", "offline_access", MANAGEMENT_SCOPES.read];

/** Always includes `openid`: credentials are stored under the account's name. */
function requestedScope(scopes: readonly string[] = DEFAULT_SCOPES): string {
  return formatScope([...new Set(["openid", ...scopes])]);
}

function describeExpiry(
  tokens: TokenResponse,
  receivedAt: number,
  { timeZone }: Pick<ClientIo, "timeZone">,
): string {
  const until = (seconds: number) =>
    formatTimeWithDistance(receivedAt + seconds * 1000, receivedAt, timeZone);
  const { refresh_token, refresh_token_expires_in: loginLifetime } = tokens;
  if (refresh_token === undefined) {
    return `Expires: ${until(tokens.expires_in)}; it cannot be renewed without offline_access`;
  }
  return loginLifetime === undefined
    ? `Expires: ${until(tokens.expires_in)}, renewed automatically`
    : `Expires: ${until(loginLifetime)} unless used before then`;
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(scope(`scopes to request (default: openid ${DEFAULT_SCOPES.join(" ")})`))
    .option("--no-browser", "do not open a browser")
    .option("--qr", "show the address as a QR code")
    .option("--insecure-storage", "store the credentials in a file, not in the keychain")
    .addHelpText(
      "after",
      examples(
        [`${bin} login --server https://auth.example.com`, "log in to your own server"],
        [`${bin} login --no-browser --qr`, "over SSH: approve the login on your phone"],
      ),
    )
    .action((options) => client((io) => login(options, io)));
}
