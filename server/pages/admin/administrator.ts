import type { DomainError } from "../../domain_error.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";

/** What an operation needs, with who requests it and from where, for the audit log. */
export function administrator<Deps>(
  deps: Deps,
  c: PageContext,
): Deps & { actor: string; address: string; rejectManaged(refusal: DomainError): never } {
  return {
    ...deps,
    actor: signedInSession(c).user.id,
    address: c.get("requester").address,
    // The router has a page for it.
    rejectManaged(refusal) {
      throw refusal;
    },
  };
}
