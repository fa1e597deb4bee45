import { OAuthError } from "../../../shared/oauth/errors.ts";
import { intersectScope, parseScope } from "../../../shared/oauth/scope.ts";
import { isManagementScope } from "../../../shared/management.ts";
import {
  type AuthorizationRequest,
  authorizationResponseUri,
  parseAuthorizationRequest,
} from "../../oauth/authorization.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { rememberConsent } from "../../store/consents.ts";
import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { SHOWN_SCOPE } from "../approval/shown_scope.ts";
import { redirectToSignIn, signedInSession } from "../http/browser_session.ts";
import { errorPage } from "../http/error_page.tsx";
import type { AuthorizeDeps } from "./authorize.tsx";
import {
  documentHash,
  REQUEST_FIELD,
  resourcesHash,
  SHOWN_DOCUMENT,
  SHOWN_RESOURCES,
} from "./consent_page.tsx";
import { untrustedRequestPage } from "./errors.tsx";
import { issueCode } from "./issue_code.ts";
import { leavePage } from "./leave_page.tsx";
import { authorizationPath, neededSignIn } from "./return_path.ts";

/**
 * POST /consent: the decision about an authorization request. The form has the request itself, which
 * is checked again: the client may have changed since the page was shown.
 */
export async function submitConsent(deps: AuthorizeDeps, c: PageContext): Promise<Response> {
  const { sql, clock } = deps;
  const session = signedInSession(c);
  const form = c.get("form");
  const query = form(REQUEST_FIELD) ?? "";
  const parsed = await parseAuthorizationRequest(deps, query, session.user.id);
  if (parsed.kind === "anonymous") return redirectToSignIn(c, authorizationPath(query));
  if (parsed.kind === "untrusted") return await untrustedRequestPage(deps, c, parsed);
  const leave = (response: { code: string } | OAuthError) => {
    const request = parsed.kind === "valid" ? parsed.request : parsed;
    return leavePage(deps, c, authorizationResponseUri(deps, request, response));
  };
  if (parsed.kind === "rejected") return await leave(parsed.error);
  const { request } = parsed;
  if (form(SHOWN_DOCUMENT) !== documentHash(request.client)) {
    // The document of the client has changed since the page was shown.
    return c.redirect(authorizationPath(query), 303);
  }
  const decision = form("decision");
  if (decision === "deny") {
    await recordAuditEvent(sql, clock, {
      event: "authorization.denied",
      actor: session.user.id,
      address: c.get("requester").address,
      details: { client_id: request.client.id, scope: request.scope },
    });
    return await leave(new OAuthError("access_denied", "The user denied the login."));
  }
  if (decision !== "approve") {
    return await errorPage(deps, c, {
      code: "malformed",
      id: "no_decision",
      title: "No decision",
      children: <p>Go back, and select Approve or Deny.</p>,
    });
  }
  const needed = neededSignIn(deps, session, { query, request });
  if (needed !== undefined) {
    return redirectToSignIn(c, authorizationPath(query), { again: true, ...needed });
  }
  if (form(SHOWN_RESOURCES) !== resourcesHash(deps.catalog, request)) {
    // The operator has changed the resources since the page was shown.
    return c.redirect(authorizationPath(query), 303);
  }
  // Scopes that the page marked as not available are not approved, even if the user has them now.
  const shownScope = intersectScope(request.scope, parseScope(form(SHOWN_SCOPE) ?? "") ?? []);
  const code = await issueCode(deps, c, {
    session,
    request,
    scope: shownScope,
    isRemembered: false,
  });
  if (code === undefined) return redirectToSignIn(c, authorizationPath(query));
  await rememberIfAllowed(deps, session, request, shownScope);
  return await leave({ code });
}

/** After signing in again, the user is asked again. */
export function consentReturnPath(_deps: unknown, c: PageContext): string {
  return authorizationPath(c.get("form")(REQUEST_FIELD) ?? "");
}

async function rememberIfAllowed(
  { sql, clock, catalog }: AuthorizeDeps,
  { user }: Session,
  { client, resources, registeredRedirectUri }: AuthorizationRequest,
  shownScope: string,
): Promise<void> {
  if (client.consent !== "remember") return;
  const scope = limitLoginScope(catalog.scopes(), user, client, shownScope);
  if (parseScope(scope)?.some(isManagementScope)) return;
  await rememberConsent(sql, {
    userId: user.id,
    clientId: client.id,
    redirectUri: registeredRedirectUri,
    scope,
    resources,
    now: new Date(clock.now()),
  });
}
