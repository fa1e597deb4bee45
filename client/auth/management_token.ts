/**
 * Access tokens for the server's management interface. They come of the login where that
 * was approved for managing tokens, and otherwise of an approval that is asked for there
 * and then. They are kept in memory, for one command, and no command prints one.
 */
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

interface HeldToken {
  token: string;
  scopes: readonly string[];
  /** It was approved for this command, so it need not outlive it. */
  approved: boolean;
}

export interface ApprovalOptions {
  /** False with --no-browser. */
  browser?: boolean;
}

/** What one command may do with the management interface, as a login's account. */
export class ManagementAccess {
  #held: HeldToken[] = [];

  constructor(
    private readonly login: Login,
    private readonly options: ApprovalOptions,
    private readonly io: ClientIo,
  ) {}

  /**
   * A token that covers `scopes`. Throws ClientError: authentication needed where there
   * is no terminal to ask for approval on. `newApproval`: what the login permits is not enough.
   */
  async token(
    scopes: readonly string[],
    { newApproval }: { newApproval?: boolean } = {},
  ): Promise<string> {
    const permitted = newApproval ? undefined : this.#find(scopes) ?? await this.#ofLogin(scopes);
    return (permitted ?? await this.#approve(scopes)).token;
  }

  /** A token that covers `scopes`, without asking anybody; undefined if that cannot be had. */
  async tokenWithoutApproval(scopes: readonly string[]): Promise<string | undefined> {
    return (this.#find(scopes) ?? await this.#ofLogin(scopes))?.token;
  }

  /** Forgets a token that the server refused. */
  forget(token: string): void {
    this.#held = this.#held.filter((held) => held.token !== token);
  }

  /** Revokes what was approved for this command only. */
  async [Symbol.asyncDispose](): Promise<void> {
    const approved = this.#held.filter((held) => held.approved);
    this.#held = [];
    for (const { token } of approved) {
      // It expires within minutes all the same.
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
    const wanted = { resource: managementResource(server), scope: formatScope(scopes) };
    const received = await tokenForResource(this.login, wanted, loginStore, this.io);
    return received && this.#hold(received.tokens, false);
  }

  async #approve(scopes: readonly string[]): Promise<HeldToken> {
    const { login, io } = this;
    const server = await discover(login.server, io);
    const unknown = scopes.filter((scope) => !(server.scopesSupported ?? scopes).includes(scope));
    if (unknown.length > 0) throw unknownScopes(server, unknown);
    if (!io.stderrIsTerminal) throw approvalNeeded(login, scopes);
    io.stderr("Managing tokens needs your approval in the browser.\n");
    const current = await login.loginStore.store.get(login);
    const sid = current && unverifiedClaims(current.accessToken)?.sid;
    const authorization = await authorizeDevice(server, {
      resource: managementResource(login.server),
      scope: formatScope(scopes),
      ...typeof sid === "string" && { sid },
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
      `It was approved with another account than ${sanitizeLine(login.account)}. Sign in to ` +
        `${login.server} as ${sanitizeLine(login.account)} in the browser, then try again.`,
    );
  }
}

function unknownScopes(
  { issuer, scopesSupported = [] }: AuthorizationServer,
  unknown: readonly string[],
): ClientError {
  const known = scopesSupported.filter((scope) => !isManagementScope(scope));
  return new ClientError(
    "unknown_scope",
    `Unknown scope: ${sanitizeLine(formatScope(unknown))}. ${issuer} has: ` +
      `${sanitizeLine(formatScope(known), 1000)}.`,
  );
}

function approvalNeeded(login: Login, scopes: readonly string[]): ClientError {
  const api = scopes.filter((scope) => !isManagementScope(scope));
  const basic = ["openid", "profile", "email", "offline_access"];
  const scope = formatScope([...new Set([...basic, ...api, ...scopes])]);
  return new ClientError(
    "approval_required",
    `This login was not approved for ${formatScope(scopes)}, and there is no terminal to ` +
      `ask for approval on. Run the command in a terminal, or log in with the permission: ` +
      `${brand.binaryName} login --server ${login.server} --scope ${shellWord(scope)}`,
  );
}
