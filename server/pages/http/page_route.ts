import { needsFreshSignIn, redirectToSignIn } from "./browser_session.ts";
import { switchedOff } from "../device/enter_code.tsx";
import { requireAdmin } from "./require_admin.tsx";
import type { PageContext, PageParts } from "../render.tsx";
import { noSuchToken, onlyItsHolder, reachToken } from "../tokens/show.tsx";

/** Who may open a page or send its form. */
export type PageAccess =
  | "everyone"
  | "signed_in"
  | "administrator"
  /** The owner of the token in the path, or an administrator. */
  | "token_reader"
  /** Those who may hold the secret of the token in the path: see `mayRotate`. */
  | "token_holder";

/** One page or one action of a page, and what a visitor needs for it. */
export interface PageRoute {
  method: "GET" | "POST";
  /** In Hono's form: `/tokens/:id`. */
  path: string;
  access: PageAccess;
  /**
   * Whether a sign-in older than `device_fresh_sign_in` must be repeated first: for each
   * action that grants, changes or stops something, and for the pages with its form, so
   * that nobody fills one in to no avail. `to_approve`: only where the form approves.
   */
  freshSignIn: boolean | "to_approve";
  /** Only while logins from a terminal are switched on. */
  deviceFlow?: true;
  /** Parameters to keep when the visitor returns, after signing in, to the GET page of this path. */
  keep?: readonly string[];
  /** The page to return to, where it is another one. */
  returnTo?: (parts: PageParts, c: PageContext) => string | Promise<string>;
  handle: (parts: PageParts, c: PageContext) => Response | Promise<Response>;
}

/** The answer to a visitor who may not use `route`, or not yet. Undefined admits them. */
export async function refuse(
  parts: PageParts,
  c: PageContext,
  route: PageRoute,
): Promise<Response | undefined> {
  const { access } = route;
  if (route.deviceFlow && !parts.config.deviceFlow.enabled) return await switchedOff(parts, c);
  if (access === "everyone") return undefined;
  const session = c.get("session");
  if (session === undefined) return redirectToSignIn(c, await returnPath(parts, c, route));
  if (access === "administrator" && !session.user.isAdmin) {
    return await requireAdmin(parts, c);
  }
  if (access === "token_reader" || access === "token_holder") {
    const reached = await reachToken(parts, c, session);
    if (reached === undefined) return await noSuchToken(parts, c);
    if (access === "token_holder" && !reached.mayHold) {
      return await onlyItsHolder(parts, c, reached);
    }
    c.set("reachedToken", reached);
  }
  if (wantsFreshSignIn(route, c) && needsFreshSignIn(parts, session)) {
    return redirectToSignIn(c, await returnPath(parts, c, route), { again: true });
  }
  return undefined;
}

function wantsFreshSignIn({ freshSignIn }: PageRoute, c: PageContext): boolean {
  return freshSignIn === "to_approve" ? c.get("form")("decision") === "approve" : freshSignIn;
}

async function returnPath(parts: PageParts, c: PageContext, route: PageRoute): Promise<string> {
  if (route.returnTo !== undefined) return await route.returnTo(parts, c);
  const query = new URLSearchParams();
  for (const name of route.keep ?? []) {
    const value = route.method === "POST" ? c.get("form")(name) : c.req.query(name);
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? c.req.path : `${c.req.path}?${query}`;
}
