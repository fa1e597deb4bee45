import type { Clock } from "../../../shared/clock.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { listLogins } from "./active_sessions.ts";

/** The user's active login with this id. */
export async function findOwnLogin(
  deps: { sql: Sql; clock: Clock },
  c: PageContext,
  id: string | undefined,
): Promise<RefreshTokenFamily | undefined> {
  return (await listLogins(deps, signedInSession(c))).find((login) => login.id === id);
}

export function alreadyRevoked(deps: RenderDeps, c: PageContext, back: string): Response {
  setNotice(deps, c, {
    code: "login_already_revoked",
    text: "This login has already been revoked or has expired.",
  });
  return c.redirect(back, 303);
}
