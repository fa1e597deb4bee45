import { revokeAllLogins } from "../../logins/revoke_all_logins.ts";
import { signedInSession } from "../http/browser_session.ts";
import { browsersOf, loginsOf, MAX_LISTED } from "./devices.tsx";
import { WhatLoginsLose } from "./end_login.tsx";
import { leaveNotice } from "../http/notice.ts";
import type { PageContext, PageParts } from "../render.tsx";
import { questionPage } from "../ui/question.tsx";

const BACK = "/devices";

/** GET /logins/end-all: asks, and says what stops. */
export async function showEndAllLogins(parts: PageParts, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const logins = (await loginsOf(parts, session)).length;
  const browsers = (await browsersOf(parts, session)).length - 1;
  return await questionPage(parts, c, {
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
        <WhatLoginsLose lifetime={parts.config.accessTokenLifetime} />
      </>
    ),
  });
}

/** POST /logins/end-all: ends every login, and signs out every browser but this one. */
export async function submitEndAllLogins(parts: PageParts, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const { logins, browsers } = await revokeAllLogins(parts, {
    userId: session.user.id,
    exceptSession: session.id,
    address: c.get("requester").address,
  });
  const text = `Ended ${counted(logins, "login")} of programs and signed out ` +
    `${counted(browsers, "other browser")}.`;
  leaveNotice(parts, c, { text });
  return c.redirect(BACK, 303);
}

/** A count that came out of a list, which is cut at some length. */
function listed(count: number, what: string): string {
  return count < MAX_LISTED ? counted(count, what) : `${count} or more ${what}s`;
}

function counted(count: number, what: string): string {
  return `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
}
