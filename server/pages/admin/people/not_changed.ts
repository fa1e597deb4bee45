import type { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { personPath } from "./paths.ts";

/** Returns to the page of a user, which says why nothing was changed. */
export function notChanged(
  deps: PageDeps,
  c: PageContext,
  userId: string,
  { message }: DomainError,
): Response {
  setNotice(deps, c, { code: "person_not_changed", text: message, problem: true });
  return c.redirect(personPath(userId), 303);
}
