import { browserName } from "../../http/browser_name.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { signOutSession } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { Address } from "../ui/facts.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { listBrowsers, type ListBrowsersDeps } from "./active_sessions.ts";
import { BrowserName } from "./browser_name.tsx";
import { type LoginListDeps, UserAgent } from "./login_list.tsx";

const BACK = "/devices";

type SignOutBrowserDeps = RenderDeps & ListBrowsersDeps & Pick<LoginListDeps, "placeOf">;

/** GET /sessions/sign-out?session=… */
export async function showSignOutBrowser(
  deps: SignOutBrowserDeps,
  c: PageContext,
): Promise<Response> {
  const browser = await findOtherBrowser(deps, c, c.get("query")("session"));
  if (browser === undefined) return alreadySignedOut(deps, c);
  const place = await deps.placeOf(browser.address);
  return await confirmationPage(deps, c, {
    name: "sign_out_browser",
    title: "Sign out this browser?",
    breadcrumbs: [{ path: BACK, label: "Logins" }],
    fields: { session: browser.id },
    confirm: "Sign out browser",
    cancelPath: BACK,
    children: (
      <>
        <p>
          <BrowserName userAgent={browser.userAgent} /> from{" "}
          <Address address={browser.address} place={place} />, last used{" "}
          <TimeAgo at={browser.lastSeenAt} now={deps.clock.now()} />.
        </p>
        <UserAgent text={browser.userAgent} />
        <p>
          Logins that were approved in this browser, and tokens that were created in it, stay valid.
          If someone else used it, check your <a href={BACK}>logins</a> and your{" "}
          <a href="/tokens">tokens</a>.
        </p>
      </>
    ),
  });
}

/** POST /sessions/sign-out */
export async function submitSignOutBrowser(
  deps: SignOutBrowserDeps,
  c: PageContext,
): Promise<Response> {
  const { sql, clock } = deps;
  const browser = await findOtherBrowser(deps, c, c.get("form")("session"));
  if (browser === undefined) return alreadySignedOut(deps, c);
  await signOutSession(sql, { id: browser.id, now: new Date(clock.now()) });
  await recordAuditEvent(sql, clock, {
    event: "session.ended",
    actor: signedInSession(c).user.id,
    subject: browser.id,
    address: c.get("requester").address,
  });
  setNotice(deps, c, {
    code: "browser_signed_out",
    text: `Signed out ${browserName(browser.userAgent) ?? "the browser"} from ${browser.address}.`,
  });
  return c.redirect(BACK, 303);
}

/** One of the user's browsers, but not this one. */
async function findOtherBrowser(deps: SignOutBrowserDeps, c: PageContext, id: string | undefined) {
  const session = signedInSession(c);
  if (id === session.id) return undefined;
  return (await listBrowsers(deps, session)).find((browser) => browser.id === id);
}

function alreadySignedOut(deps: RenderDeps, c: PageContext): Response {
  setNotice(deps, c, {
    code: "browser_already_signed_out",
    text: "This browser is already signed out.",
  });
  return c.redirect(BACK, 303);
}
