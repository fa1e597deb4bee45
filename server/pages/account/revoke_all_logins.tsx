import { revokeAllLogins } from "../../logins/revoke_all_logins.ts";
import { signedInSession } from "../http/browser_session.ts";
import { listBrowsers, listLogins, MAX_LISTED } from "./devices.tsx";
import { RevocationEffects } from "./revoke_login.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageContext, PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";

const BACK = "/devices";

/** GET /logins/revoke-all: asks, and says what stops. */
export async function showRevokeAllLogins(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const logins = (await listLogins(deps, session)).length;
  const browsers = (await listBrowsers(deps, session)).length - 1;
  return await confirmationPage(deps, c, {
    title: "End all logins but this browser’s?",
    fields: {},
    confirm: "End all",
    keep: { words: "Keep them", href: BACK },
    children: (
      <>
        <p>
          This ends {listed(logins, "login")} of programs and signs out{" "}
          {listed(browsers, "other browser")}.
        </p>
        <RevocationEffects lifetime={deps.config.accessTokenLifetime} />
      </>
    ),
  });
}

/** POST /logins/revoke-all: ends every login, and signs out every browser but this one. */
export async function submitRevokeAllLogins(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const { logins, browsers } = await revokeAllLogins(deps, {
    userId: session.user.id,
    exceptSession: session.id,
    address: c.get("requester").address,
  });
  const text = `Ended ${counted(logins, "login")} of programs and signed out ` +
    `${counted(browsers, "other browser")}.`;
  setNotice(deps, c, { text });
  return c.redirect(BACK, 303);
}

/** A count that came out of a list, which is cut at some length. */
function listed(count: number, what: string): string {
  return count < MAX_LISTED ? counted(count, what) : `${count} or more ${what}s`;
}

function counted(count: number, what: string): string {
  return `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
}
