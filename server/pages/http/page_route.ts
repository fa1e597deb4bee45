import { needsFreshSignIn, redirectToSignIn } from "./browser_session.ts";
import { deviceFlowDisabled } from "../device/enter_code.tsx";
import { requireAdmin } from "./require_admin.tsx";
import type { PageContext, PageDeps } from "../render.tsx";
import { findTokenAccess, rotationByOwnerOnly, tokenNotFound } from "../tokens/show.tsx";

/** Who may open a page or send its form. */
export type PageAccess =
  | "everyone"
  | "signed_in"
  | "administrator"
  /** The owner of the token in the path, or an administrator. */
  | "token_viewer"
  /** Those who may hold the secret of the token in the path: see `mayRotate`. */
  | "token_rotator";

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
  returnTo?: (deps: PageDeps, c: PageContext) => string | Promise<string>;
  handle: (deps: PageDeps, c: PageContext) => Response | Promise<Response>;
}

/** The answer to a visitor who may not use `route`, or not yet. Undefined admits them. */
export async function checkAccess(
  deps: PageDeps,
  c: PageContext,
  route: PageRoute,
): Promise<Response | undefined> {
  const { access } = route;
  if (route.deviceFlow && !deps.config.deviceFlow.enabled) return await deviceFlowDisabled(deps, c);
  if (access === "everyone") return undefined;
  const session = c.get("session");
  if (session === undefined) return redirectToSignIn(c, await returnPath(deps, c, route));
  if (access === "administrator" && !session.user.isAdmin) {
    return await requireAdmin(deps, c);
  }
  if (access === "token_viewer" || access === "token_rotator") {
    const token = await findTokenAccess(deps, c, session);
    if (token === undefined) return await tokenNotFound(deps, c);
    if (access === "token_rotator" && !token.mayRotate) {
      return await rotationByOwnerOnly(deps, c, token);
    }
    c.set("tokenAccess", token);
  }
  if (requiresFreshSignIn(route, c) && needsFreshSignIn(deps, session)) {
    return redirectToSignIn(c, await returnPath(deps, c, route), { again: true });
  }
  return undefined;
}

function requiresFreshSignIn({ freshSignIn }: PageRoute, c: PageContext): boolean {
  return freshSignIn === "to_approve" ? c.get("form")("decision") === "approve" : freshSignIn;
}

async function returnPath(deps: PageDeps, c: PageContext, route: PageRoute): Promise<string> {
  if (route.returnTo !== undefined) return await route.returnTo(deps, c);
  const query = new URLSearchParams();
  for (const name of route.keep ?? []) {
    const value = route.method === "POST" ? c.get("form")(name) : c.req.query(name);
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? c.req.path : `${c.req.path}?${query}`;
}
