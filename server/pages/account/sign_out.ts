import type { Clock } from "../../../shared/clock.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import { signOutSession } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { setNotice } from "../http/notice.ts";
import { rotateSessionCookie } from "../http/session_cookie.ts";
import type { RenderDeps } from "../render.tsx";

/** POST /signout */
export async function submitSignOut(
  deps: RenderDeps & { sql: Sql; clock: Clock },
  c: PageContext,
): Promise<Response> {
  const { sql, clock } = deps;
  const session = c.get("session");
  if (session !== undefined) {
    await signOutSession(sql, { id: session.id, now: new Date(clock.now()) });
    rotateSessionCookie(deps, c);
    setNotice(deps, c, { code: "signed_out", text: "You have signed out." });
    await recordAuditEvent(sql, clock, {
      event: "signout",
      actor: session.user.id,
      address: c.get("requester").address,
    });
  }
  return c.redirect("/", 303);
}
