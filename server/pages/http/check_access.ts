import { requiredAcr } from "../../scopes.ts";
import { type Acr, satisfiesAcr } from "../../../shared/oauth/acr.ts";
import { acrOf } from "../../sign_in/authentication.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import { findSecondFactors, hasSecondFactor } from "../../store/second_factors.ts";
import type { Session } from "../../store/sessions.ts";
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
  if (refusal !== undefined) {
    const event = {
      event: "access.refused",
      actor: session.user.id,
      details: { page: route.path },
    };
    await recordRepeatedAuditEvent(deps.sql, deps.clock, event);
    return refusal;
  }
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
    // A new secret, or more addresses, are worth as much as a new token.
    const acr = requiredAcr(deps.catalog.scopes(), token.token.scope);
    if (access !== "token_viewer" && !satisfiesAcr(acrOf(session.authentication), acr)) {
      return redirectToSignIn(c, await returnPath(deps, c, route), { again: true, acr });
    }
  }
  if (route.freshSignIn === "to_change_methods") {
    const acr = await methodChangeAcr(deps, session);
    if (acr !== undefined || !hasRecentSignIn(deps, session)) {
      return redirectToSignIn(c, await returnPath(deps, c, route), { again: true, acr });
    }
  }
  if (requiresFreshSignIn(route, c) && needsFreshSignIn(deps, session)) {
    return redirectToSignIn(c, await returnPath(deps, c, route), { again: true });
  }
  return undefined;
}

function requiresFreshSignIn({ freshSignIn }: PageRoute, c: PageContext): boolean {
  return freshSignIn === "to_approve"
    ? c.get("form")("decision") === "approve"
    : freshSignIn !== false;
}

/** A sign-in after which users may change how they sign in, in ms: someone else may sit there now. */
const RECENT_SIGN_IN_MS = 15 * 60_000;

function hasRecentSignIn({ clock }: PageDeps, { authenticatedAt }: Session): boolean {
  return clock.now() - authenticatedAt.getTime() <= RECENT_SIGN_IN_MS;
}

/** What a session from before the user had a second factor lacks. */
async function methodChangeAcr({ sql }: PageDeps, session: Session): Promise<Acr | undefined> {
  if (satisfiesAcr(acrOf(session.authentication), "2fa")) return undefined;
  return hasSecondFactor(await findSecondFactors(sql, session.user.id)) ? "2fa" : undefined;
}

async function returnPath(deps: PageDeps, c: PageContext, route: PageRoute): Promise<string> {
  if (route.returnTo !== undefined) return await route.returnTo(deps, c);
  const query = new URLSearchParams();
  for (const name of route.keep ?? []) {
    const value = route.method === "POST" ? c.get("form")(name) : c.get("query")(name);
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? c.req.path : `${c.req.path}?${query}`;
}
