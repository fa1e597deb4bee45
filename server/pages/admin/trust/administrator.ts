import { signedInSession } from "../../http/browser_session.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";

/** What an operation on rules needs, with who requests it and from where, for the audit log. */
export function administrator(deps: PageDeps, c: PageContext) {
  return { ...deps, actor: signedInSession(c).user.id, address: c.get("requester").address };
}
