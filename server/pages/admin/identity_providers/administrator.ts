import type { IdentityProviderDeps } from "../../../admin/identity_providers/operations.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator(deps: PageDeps, c: PageContext): IdentityProviderDeps {
  const { sql, clock, issuer, encryption } = deps;
  const { address } = c.get("requester");
  return { sql, clock, issuer, encryption, actor: signedInSession(c).user.id, address };
}
