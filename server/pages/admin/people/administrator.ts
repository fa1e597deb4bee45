import type { UserDeps } from "../../../admin/operation.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator(deps: PageDeps, c: PageContext): UserDeps {
  const { sql, clock, config, issuer, mail, tokenValidator } = deps;
  const { address } = c.get("requester");
  const { id } = signedInSession(c).user;
  return { sql, clock, config, issuer, mail, tokenValidator, actor: id, address };
}
