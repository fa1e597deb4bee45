import type { DirectoryDeps } from "../../../admin/directory_operations.ts";
import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import type { PageDeps } from "../../http/page_route.ts";

/** What an operation needs, with who asks for it and from where, for the audit log. */
export function administrator({ sql, clock, issuer }: PageDeps, c: PageContext): DirectoryDeps {
  const { address } = c.get("requester");
  return { sql, clock, issuer, actor: signedInSession(c).user.id, address };
}
