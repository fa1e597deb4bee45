import { recordAuditEvent } from "../../store/audit_events.ts";
import { withdrawApprovals } from "../../store/device_authorizations.ts";
import { revokeRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import { signOutSessions } from "../../store/sessions.ts";
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
  const { sql, clock, tokenValidator } = parts;
  const session = signedInSession(c);
  const now = new Date(clock.now());
  const userId = session.user.id;
  const { logins, browsers } = await sql.begin(async (tx) => {
    const logins = await revokeRefreshTokenFamilies(tx, { userId, reason: "user", now });
    // Of what was approved and not redeemed yet, a login would come afterwards.
    await withdrawApprovals(tx, userId);
    const browsers = await signOutSessions(tx, { userId, except: session.id, now });
    await recordAuditEvent(tx, clock, {
      event: "logins.all_revoked",
      actor: userId,
      subject: userId,
      address: c.get("requester").address,
      details: { logins: logins.length, browsers },
    });
    return { logins, browsers };
  }) as { logins: string[]; browsers: number };
  for (const id of logins) tokenValidator.invalidate(`login:${id}`);
  const text = `Ended ${counted(logins.length, "login")} of programs and signed out ` +
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
