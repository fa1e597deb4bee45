import type { ServerConfig } from "../../config/server_config.ts";
import { revokeAllLogins } from "../../logins/revoke_all_logins.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { formatCount } from "../../../shared/bounded_count.ts";
import { listBrowsers, type ListBrowsersDeps, listLogins, MAX_LISTED } from "./active_sessions.ts";
import { RevocationEffects } from "./revoke_login.tsx";

const BACK = "/devices";

interface RevokeAllLoginsPageDeps extends RenderDeps, ListBrowsersDeps {
  config: Pick<ServerConfig, "session" | "accessTokenLifetime">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** GET /logins/revoke-all */
export async function showRevokeAllLogins(
  deps: RevokeAllLoginsPageDeps,
  c: PageContext,
): Promise<Response> {
  const session = signedInSession(c);
  const logins = (await listLogins(deps, session)).length;
  const browsers = (await listBrowsers(deps, session)).length - 1;
  return await confirmationPage(deps, c, {
    name: "revoke_all_logins",
    title: "Revoke all logins and sign out other browsers?",
    breadcrumbs: [{ path: BACK, label: "Logins" }],
    fields: {},
    confirm: "Revoke all",
    cancelPath: BACK,
    children: (
      <>
        <p>
          This revokes {formatListed(logins, "login")}
          {browsers > 0 && ` and signs out ${formatListed(browsers, "other browser")}`}.
        </p>
        <RevocationEffects accessTokenLifetime={deps.config.accessTokenLifetime} />
      </>
    ),
  });
}

/** POST /logins/revoke-all */
export async function submitRevokeAllLogins(
  deps: RevokeAllLoginsPageDeps,
  c: PageContext,
): Promise<Response> {
  const session = signedInSession(c);
  const { logins, browsers } = await revokeAllLogins(deps, {
    userId: session.user.id,
    exceptSession: session.id,
    address: c.get("requester").address,
  });
  const text = `Revoked ${formatCount(logins, "login")}` +
    (browsers === 0 ? "." : ` and signed out ${formatCount(browsers, "other browser")}.`);
  setNotice(deps, c, { code: "all_logins_revoked", text });
  return c.redirect(BACK, 303);
}

/** The length of a list, of which only the first entries are read. */
function formatListed(count: number, noun: string): string {
  return count < MAX_LISTED ? formatCount(count, noun) : `at least ${formatCount(count, noun)}`;
}
