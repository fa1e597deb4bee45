import type { PageContext } from "../../context.ts";
import { signedInSession } from "../../http/browser_session.ts";
import { errorPage } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";

export function isSelf(c: PageContext, { id }: { id: string }): boolean {
  return id === signedInSession(c).user.id;
}

/** Administrators neither disable nor delete themselves: a mistake would lock them out. */
export async function ownAccount(
  deps: PageDeps,
  c: PageContext,
  verb: "disable" | "delete",
): Promise<Response> {
  return await errorPage(deps, c, {
    code: "forbidden",
    id: "own_account",
    title: `You cannot ${verb} your own account`,
    children: <p>Ask another administrator to {verb} it.</p>,
  });
}
