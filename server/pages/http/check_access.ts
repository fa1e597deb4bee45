import type { PageContext } from "../context.ts";
import { deviceFlowDisabled } from "../device/errors.tsx";
import { findTokenAccess, refuseEdit, refuseRotation } from "../tokens/access.tsx";
import { needsFreshSignIn, redirectToSignIn } from "./browser_session.ts";
import type { PageDeps, PageRoute } from "./page_route.ts";
import { requireAdmin } from "./require_admin.tsx";

/** The response to a user who may not use `route`, or has to sign in first; undefined if they may. */
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
  const refusal = access === "administrator" ? await requireAdmin(deps, c, session) : undefined;
  if (refusal !== undefined) return refusal;
  if (access === "token_viewer" || access === "token_rotator" || access === "token_editor") {
    const token = await findTokenAccess(deps, c, session);
    if (token instanceof Response) return token;
    const refusal = access === "token_rotator"
      ? await refuseRotation(deps, c, token)
      : access === "token_editor"
      ? await refuseEdit(deps, c, token)
      : undefined;
    if (refusal !== undefined) return refusal;
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
