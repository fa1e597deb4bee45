import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator<Deps>(
  deps: Deps,
  c: PageContext,
): Deps & { actor: string; address: string } {
  return { ...deps, actor: signedInSession(c).user.id, address: c.get("requester").address };
}
