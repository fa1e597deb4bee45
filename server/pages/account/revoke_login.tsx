import { revokeLogin } from "../../logins/revoke_login.ts";
import { findClient } from "../../store/clients.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Address, uuid } from "../device/confirm.tsx";
import { listLogins } from "./devices.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { safeRedirect } from "../http/safe_redirect.ts";
import { UserAgent } from "./login_list.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageContext, PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { inWords } from "../tokens/expiry.tsx";
import { TokenName, TokenPrefix } from "../tokens/components.tsx";

/** Tokens that are named; a person who has created more with one login sees the list. */
const MAX_TOKENS = 20;

/** GET /logins/revoke?login=…&back=…: asks, and says what stops. */
export async function showRevokeLogin(deps: PageDeps, c: PageContext): Promise<Response> {
  const back = safeRedirect(c.req.query("back"));
  const login = await findOwnLogin(deps, c, c.req.query("login"));
  if (login === undefined) return revokedAlready(deps, c, back);
  const place = await deps.placeOf(login.address);
  const tokens = await listPersonalAccessTokens(deps.sql, {
    createdByLogin: login.id,
    status: { at: new Date(deps.clock.now()), active: true },
    limit: MAX_TOKENS + 1,
  });
  return await confirmationPage(deps, c, {
    title: "End this login?",
    fields: { login: login.id, back },
    confirm: "End it",
    keep: { words: "Keep it", href: back },
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={await clientName(deps, login)} />
          </strong>{" "}
          from <Address address={login.address} place={place} />, used{" "}
          <TimeAgo at={login.lastUsedAt} now={deps.clock.now()} />.
        </p>
        <UserAgent text={login.userAgent} />
        <RevocationEffects lifetime={deps.config.accessTokenLifetime} />
      </>
    ),
    choices: tokens.length > 0 && <LoginTokens tokens={tokens} />,
  });
}

/** The tokens that outlive the login, and the choice to revoke them with it. */
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
        <span>Revoke these tokens, too</span>
      </label>
    </>
  );
}

/** POST /logins/revoke: ends one of the person's own logins. */
export async function submitRevokeLogin(deps: PageDeps, c: PageContext): Promise<Response> {
  const form = c.get("form");
  const back = safeRedirect(form("back"));
  const login = await findOwnLogin(deps, c, form("login"));
  const revocation = login && await revokeLogin(deps, {
    login,
    reason: "user",
    address: c.get("requester").address,
    withTokens: form("tokens") !== undefined,
  });
  const { loginRevoked = false, tokensRevoked: tokens = 0 } = revocation ?? {};
  if (login === undefined || (!loginRevoked && tokens === 0)) return revokedAlready(deps, c, back);
  const text = `Ended the login of ${await clientName(deps, login)} from ${login.address}` +
    (tokens === 0 ? "." : `, and revoked ${tokens === 1 ? "1 token" : `${tokens} tokens`}.`);
  setNotice(deps, c, { text });
  return c.redirect(back, 303);
}

/** What it means for a program that its login ends. */
export function RevocationEffects({ lifetime }: { lifetime: number }) {
  return (
    <p>
      To act as you again, a program has to log in again. APIs that ask this server refuse its token
      at once, those that check the signature themselves within {inWords(lifetime)}. Your{" "}
      <a href="/tokens">personal access tokens</a> go on working. This cannot be undone.
    </p>
  );
}

async function findOwnLogin(
  deps: PageDeps,
  c: PageContext,
  id: string | undefined,
): Promise<RefreshTokenFamily | undefined> {
  const valid = uuid(id);
  if (valid === undefined) return undefined;
  return (await listLogins(deps, signedInSession(c))).find((login) => login.id === valid);
}

async function clientName({ sql }: PageDeps, { clientId }: RefreshTokenFamily): Promise<string> {
  return (await findClient(sql, clientId))?.name ?? clientId;
}

function revokedAlready(deps: PageDeps, c: PageContext, back: string): Response {
  setNotice(deps, c, { text: "This login has ended already." });
  return c.redirect(back, 303);
}
