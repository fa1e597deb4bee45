import type { Clock } from "../../../shared/clock.ts";
import { brand } from "../../../shared/brand.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { isUuid } from "../../../shared/uuid.ts";
import { revokeAllTokens, type RevokeTokenDeps } from "../../pats/revoke.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { errorPage } from "../http/error_page.tsx";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { formatCount } from "../../../shared/bounded_count.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { TokenName, TokenPrefix } from "./components.tsx";
import { tokenListCrumb } from "./crumbs.ts";

const PATH = "/admin/tokens/revoke";
/** Tokens that the page names. */
const MAX_TOKENS = 10;

interface RevokeAllTokensDeps extends RenderDeps, RevokeTokenDeps {
  clock: Clock;
}

export function revokeAllPath(ownerId: string): string {
  return `${PATH}?owner=${ownerId}`;
}

/** GET /admin/tokens/revoke?owner=… */
export async function showRevokeAllTokens(
  deps: RevokeAllTokensDeps,
  c: PageContext,
): Promise<Response> {
  const ownerId = c.get("query")("owner") ?? "";
  if (!isUuid(ownerId)) return await ownerNotFound(deps, c);
  const tokens = await listPersonalAccessTokens(deps.sql, {
    ownerId,
    status: { at: new Date(deps.clock.now()), active: true },
    limit: MAX_TOKENS + 1,
  });
  if (tokens.length === 0) return c.redirect(ownerTokensPath(ownerId), 303);
  const { kind, username } = tokens[0].owner;
  return await confirmationPage(deps, c, {
    name: "revoke_all_tokens",
    title: "Revoke all tokens of this owner?",
    breadcrumbs: [tokenListCrumb(false), {
      path: ownerTokensPath(ownerId),
      label: sanitizeLine(username, 80),
    }],
    fields: { owner: ownerId },
    confirm: "Revoke all tokens",
    cancelPath: ownerTokensPath(ownerId),
    children: (
      <>
        <p>
          Active tokens of{" "}
          <strong>
            <UntrustedText text={username} max={254} />
          </strong>
          {kind === "service_account" && " (service account)"}:
        </p>
        <ul>
          {tokens.slice(0, MAX_TOKENS).map((token) => (
            <li>
              <TokenName token={token} /> (<TokenPrefix token={token} />)
            </li>
          ))}
          {tokens.length > MAX_TOKENS && <li>and more</li>}
        </ul>
        <p>Programs that use these tokens are rejected immediately. You cannot undo this.</p>
        {kind === "user" && (
          <p>
            The user can still sign in and create new tokens. To prevent that, disable the account
            {" "}
            as well: <code>{`${brand.binaryName} admin user disable`}</code>
          </p>
        )}
      </>
    ),
  });
}

/** POST /admin/tokens/revoke */
export async function submitRevokeAllTokens(
  deps: RevokeAllTokensDeps,
  c: PageContext,
): Promise<Response> {
  const ownerId = c.get("form")("owner") ?? "";
  if (!isUuid(ownerId)) return await ownerNotFound(deps, c);
  const { user } = signedInSession(c);
  const count = await revokeAllTokens(deps, {
    ownerId,
    actor: { id: user.id, address: c.get("requester").address },
  });
  setNotice(deps, c, {
    code: "all_tokens_revoked",
    text: `Revoked ${formatCount(count, "token")} of this owner.`,
  });
  return c.redirect(ownerTokensPath(ownerId), 303);
}

function ownerTokensPath(ownerId: string): string {
  return `/admin/tokens?owner=${ownerId}`;
}

async function ownerNotFound(deps: RenderDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "not_found",
    id: "owner_not_found",
    title: "Owner not found",
    children: (
      <p>
        Select an owner in the list of <a href="/admin/tokens">all tokens</a>.
      </p>
    ),
  });
}
