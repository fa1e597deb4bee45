import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import { revokeLogin } from "../../logins/revoke_login.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import type { PageContext } from "../context.ts";
import { setNotice } from "../http/notice.ts";
import { safeRedirect } from "../http/safe_redirect.ts";
import type { RenderDeps } from "../render.tsx";
import { TokenName, TokenPrefix } from "../tokens/components.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { Address } from "../ui/facts.tsx";
import { formatDuration } from "../../../shared/duration.ts";
import { formatCount } from "../../../shared/bounded_count.ts";
import { TimeAgo } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { clientName, type LoginListDeps, UserAgent } from "./login_list.tsx";
import { alreadyRevoked, findOwnLogin } from "./own_login.ts";

/** Tokens that the page names. */
const MAX_TOKENS = 20;

interface RevokeLoginPageDeps extends RenderDeps, LoginListDeps {
  clock: Clock;
  config: Pick<ServerConfig, "accessTokenLifetime">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** GET /logins/revoke?login=…&back=… */
export async function showRevokeLogin(
  deps: RevokeLoginPageDeps,
  c: PageContext,
): Promise<Response> {
  const back = safeRedirect(c.get("query")("back"));
  const login = await findOwnLogin(deps, c, c.get("query")("login"));
  if (login === undefined) return alreadyRevoked(deps, c, back);
  const place = await deps.placeOf(login.address);
  const tokens = await listPersonalAccessTokens(deps.sql, {
    createdByLogin: login.id,
    status: { at: new Date(deps.clock.now()), active: true },
    limit: MAX_TOKENS + 1,
  });
  return await confirmationPage(deps, c, {
    name: "revoke_login",
    title: "Revoke this login?",
    breadcrumbs: [{ path: "/devices", label: "Logins" }],
    fields: { login: login.id, back },
    confirm: "Revoke login",
    cancelPath: back,
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={login.name ?? await clientName(deps, login)} />
          </strong>{" "}
          from <Address address={login.address} place={place} />, last used{" "}
          <TimeAgo at={login.lastUsedAt} now={deps.clock.now()} />.
        </p>
        <UserAgent text={login.userAgent} />
        <RevocationEffects accessTokenLifetime={deps.config.accessTokenLifetime} />
      </>
    ),
    options: tokens.length > 0 && <LoginTokens tokens={tokens} />,
  });
}

/** The tokens that were created with the login, and the option to revoke them as well. */
function LoginTokens({ tokens }: { tokens: readonly PersonalAccessToken[] }) {
  return (
    <>
      <p>Personal access tokens that were created with this login:</p>
      <ul>
        {tokens.slice(0, MAX_TOKENS).map((token) => (
          <li>
            <a href={`/tokens/${token.id}`}>
              <TokenName token={token} />
            </a>{" "}
            <TokenPrefix token={token} />
          </li>
        ))}
        {tokens.length > MAX_TOKENS && <li>and more</li>}
      </ul>
      <label class="check">
        <input type="checkbox" name="tokens" />
        <span>Also revoke these tokens</span>
      </label>
    </>
  );
}

/** POST /logins/revoke */
export async function submitRevokeLogin(
  deps: RevokeLoginPageDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const back = safeRedirect(form("back"));
  const login = await findOwnLogin(deps, c, form("login"));
  if (login === undefined) return alreadyRevoked(deps, c, back);
  const { loginRevoked, tokensRevoked } = await revokeLogin(deps, {
    login,
    reason: "user",
    address: c.get("requester").address,
    withTokens: form("tokens") !== undefined,
  });
  if (!loginRevoked && tokensRevoked === 0) return alreadyRevoked(deps, c, back);
  const name = login.name ?? `of ${await clientName(deps, login)}`;
  const text = `Revoked the login ${name} from ${login.address}` +
    (tokensRevoked === 0 ? "." : ` and ${formatCount(tokensRevoked, "token")}.`);
  setNotice(deps, c, { code: "login_revoked", text });
  return c.redirect(back, 303);
}

export function RevocationEffects({ accessTokenLifetime }: { accessTokenLifetime: number }) {
  return (
    <p>
      A program has to log in again to act as you. APIs that ask this server about its access token
      reject it immediately; APIs that verify the signature themselves accept it for up to{" "}
      {formatDuration(accessTokenLifetime)}, and narrow tokens until they expire. This does not
      affect your <a href="/tokens">personal access tokens</a>. You cannot undo this.
    </p>
  );
}
