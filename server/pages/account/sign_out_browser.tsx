import { recordAuditEvent } from "../../store/audit_events.ts";
import { signOutSession } from "../../store/sessions.ts";
import { signedInSession } from "../http/browser_session.ts";
import { Address, uuid } from "../device/confirm.tsx";
import { listBrowsers } from "./devices.tsx";
import { UserAgent } from "./login_list.tsx";
import { TimeAgo } from "../ui/relative_time.tsx";
import { setNotice } from "../http/notice.ts";
import type { PageContext, PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";

const BACK = "/devices";

/** GET /sessions/sign-out?session=…: asks, and says what stops. */
export async function showSignOutBrowser(deps: PageDeps, c: PageContext): Promise<Response> {
  const browser = await otherBrowser(deps, c, c.req.query("session"));
  if (browser === undefined) return signedOutAlready(deps, c);
  const place = await deps.placeOf(browser.address);
  return await confirmationPage(deps, c, {
    title: "Sign this browser out?",
    fields: { session: browser.id },
    confirm: "Sign it out",
    keep: { words: "Keep it", href: BACK },
    children: (
      <>
        <p>
          From <Address address={browser.address} place={place} />, used{" "}
          <TimeAgo at={browser.lastSeenAt} now={deps.clock.now()} />.
        </p>
        <UserAgent text={browser.userAgent} />
        <p>
          It needs your password to get in again. Logins that were approved there, and tokens made
          there, go on working: look through <a href={BACK}>your logins</a> and{" "}
          <a href="/tokens">your tokens</a> if somebody else used it.
        </p>
      </>
    ),
  });
}

/** POST /sessions/sign-out: signs out one of the person's other browsers. */
export async function submitSignOutBrowser(deps: PageDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const browser = await otherBrowser(deps, c, c.get("form")("session"));
  if (browser === undefined) return signedOutAlready(deps, c);
  await signOutSession(sql, { id: browser.id, now: new Date(clock.now()) });
  await recordAuditEvent(sql, clock, {
    event: "session.ended",
    actor: signedInSession(c).user.id,
    subject: browser.id,
    address: c.get("requester").address,
  });
  setNotice(deps, c, { text: `Signed out the browser from ${browser.address}.` });
  return c.redirect(BACK, 303);
}

/** One of the person's browsers; for this one there is Sign out. */
async function otherBrowser(deps: PageDeps, c: PageContext, id: string | undefined) {
  const session = signedInSession(c);
  const valid = uuid(id);
  if (valid === undefined || valid === session.id) return undefined;
  return (await listBrowsers(deps, session)).find((browser) => browser.id === valid);
}

function signedOutAlready(deps: PageDeps, c: PageContext): Response {
  setNotice(deps, c, { text: "This browser is signed out already." });
  return c.redirect(BACK, 303);
}
