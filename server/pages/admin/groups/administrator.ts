import type { GroupDeps } from "../../../admin/group_operations.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator(deps: PageDeps, c: PageContext): GroupDeps {
  const { sql, clock, catalog, tokenValidator } = deps;
  const { address } = c.get("requester");
  return { sql, clock, catalog, tokenValidator, actor: signedInSession(c).user.id, address };
}
