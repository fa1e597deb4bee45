/**
 * Access tokens for the server's management interface: from the login if it was approved for
 * managing tokens, else from an approval requested for this command. They are kept in memory
 * and never printed.
 */
import { listText } from "../../shared/list_text.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { covers, isManagementScope, managementResource } from "../../shared/management.ts";
import { formatScope, parseScope } from "../../shared/oauth/scope.ts";
import { type AuthorizationServer, discover } from "../oauth/discovery.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { authorizeDevice, pollForTokens } from "../oauth/device_flow.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { tokenForResource } from "../oauth/refresh_grant.ts";
import { revoke } from "../oauth/revocation.ts";
import type { Login } from "./login_store.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { showCode } from "../ui/show_code.ts";
import { startCountdown } from "../ui/countdown.ts";

const OFFLINE_ACCESS = "offline_access";

interface HeldToken {
  token: string;
  scopes: readonly string[];
  /** Approved for this command only: it is revoked afterward. */
  approved: boolean;
}

export interface ApprovalOptions {
  /** False with --no-browser. */
  browser?: boolean;
}

/** The management tokens of one command. */
export class ManagementAccess {
  #held: HeldToken[] = [];

  constructor(
    private readonly login: Login,
    private readonly options: ApprovalOptions,
    private readonly io: ClientIo,
  ) {}

  /**
   * A token that covers `scopes`, if necessary after an approval. Throws ClientError
   * (approval_required) without a terminal. `newApproval`: do not use the login's permissions.
   */
  async token(
    scopes: readonly string[],
    { newApproval }: { newApproval?: boolean } = {},
  ): Promise<string> {
    const permitted = newApproval ? undefined : this.#find(scopes) ?? await this.#ofLogin(scopes);
    return (permitted ?? await this.#approve(scopes)).token;
  }

  /** A token that covers `scopes`; undefined if that would require an approval. */
  async tokenWithoutApproval(scopes: readonly string[]): Promise<string | undefined> {
    return (this.#find(scopes) ?? await this.#ofLogin(scopes))?.token;
  }

  /** Discards a token that the server rejected. */
  forget(token: string): void {
    this.#held = this.#held.filter((held) => held.token !== token);
  }

  /** Revokes the tokens that were approved for this command. */
  async [Symbol.asyncDispose](): Promise<void> {
    const approved = this.#held.filter((held) => held.approved);
    this.#held = [];
    for (const { token } of approved) {
      // Otherwise it expires within minutes.
      await revoke(this.login.server, { accessToken: token }, this.io).catch(() => {});
    }
  }

  #find(scopes: readonly string[]): HeldToken | undefined {
    return this.#held.find((held) => scopes.every((scope) => covers(held.scopes, scope)));
  }

  #hold(tokens: { access_token: string; scope?: string }, approved: boolean): HeldToken {
    const scopes = parseScope(tokens.scope ?? "") ?? [];
    const held = { token: tokens.access_token, scopes, approved };
    this.#held.push(held);
    return held;
  }

  async #ofLogin(scopes: readonly string[]): Promise<HeldToken | undefined> {
    const { server, loginStore } = this.login;
    const request = { resource: managementResource(server), scope: formatScope(scopes) };
    const received = await tokenForResource(this.login, request, loginStore, this.io);
    return received && this.#hold(received.tokens, false);
  }

  async #approve(scopes: readonly string[]): Promise<HeldToken> {
    const { login, io } = this;
    const server = await discover(login.server, io);
    const unknown = scopes.filter((scope) => !(server.scopesSupported ?? scopes).includes(scope));
    if (unknown.length > 0) throw unknownScopes(server, unknown);
    if (scopes.includes(OFFLINE_ACCESS)) throw onlyForLogins(OFFLINE_ACCESS);
    if (!io.stderrIsTerminal) throw approvalNeeded(login, scopes);
    io.stderr("Managing tokens needs your approval in the browser.\n");
    const current = await login.loginStore.store.get(login);
    const sid = current && unverifiedClaims(current.accessToken)?.sid;
    const name = current?.loginName ?? login.entry.name;
    const authorization = await authorizeDevice(server, {
      resource: managementResource(login.server),
      scope: formatScope(scopes),
      ...typeof sid === "string" && { sid },
      ...name !== undefined && { login_name: name },
    }, io);
    await showCode(authorization, { browser: this.options.browser ?? true }, io);
    const line = startCountdown(authorization.expiresAt, io);
    const { tokens } = await pollForTokens(server, authorization, io, line.wait)
      .finally(line.clear);
    const held = this.#hold(tokens, true);
    if (unverifiedClaims(held.token)?.sub === login.entry.subject) return held;
    await this[Symbol.asyncDispose]();
    throw new ClientError(
      "wrong_account",
      `The approval came from a different account than ${
        sanitizeLine(login.account)
      }. Sign in to ` +
        `${login.server} as ${sanitizeLine(login.account)} in the browser, then try again.`,
    );
  }
}

function unknownScopes(
  { issuer, scopesSupported = [] }: AuthorizationServer,
  unknown: readonly string[],
): ClientError {
  const known = scopesSupported
    .filter((scope) => !isManagementScope(scope) && scope !== OFFLINE_ACCESS);
  return new ClientError(
    "unknown_scope",
    `Unknown scope: ${sanitizeLine(listText(unknown, "none"))}. ` +
      (known.length === 0
        ? `${issuer} does not list its scopes: ask its operator.`
        : `Tokens of ${issuer} can have: ${sanitizeLine(formatScope(known), 1000)}. ` +
          `For descriptions, run: ${brand.binaryName} scopes`),
  );
}

/** The server would reject it as well, with a message about the management API. */
function onlyForLogins(scope: string): ClientError {
  return new ClientError(
    "invalid_option",
    `Only logins can have the scope ${scope}, personal access tokens cannot. ` +
      `To list the scopes, run: ${brand.binaryName} scopes`,
  );
}

function approvalNeeded(login: Login, scopes: readonly string[]): ClientError {
  const api = scopes.filter((scope) => !isManagementScope(scope));
  const basic = ["openid", "profile", "email", OFFLINE_ACCESS];
  const scope = formatScope([...new Set([...basic, ...api, ...scopes])]);
  return new ClientError(
    "approval_required",
    `This login was not approved for ${formatScope(scopes)}, and there is no terminal to ` +
      `request an approval. Run the command in a terminal, or log in with the permission: ` +
      `${brand.binaryName} login --server ${login.server} --scope ${shellWord(scope)}`,
  );
}
