import type { Clock } from "../../../shared/clock.ts";
import { isManagementScope } from "../../../shared/management.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import {
  type AuthorizationDeps,
  type AuthorizationRequest,
  authorizationResponseUri,
  parseAuthorizationRequest,
} from "../../oauth/authorization.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope } from "../../scopes.ts";
import { type Consent, findConsent, recordConsentUse } from "../../store/consents.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { redirectToSignIn } from "../http/browser_session.ts";
import { consentPage, type ConsentPageDeps } from "./consent_page.tsx";
import { untrustedRequestPage } from "./errors.tsx";
import { issueCode, type IssueCodeDeps } from "./issue_code.ts";
import { authorizationPath, needsSignIn, withSignedInSince } from "./return_path.ts";

export interface AuthorizeDeps extends AuthorizationDeps, ConsentPageDeps, IssueCodeDeps {
  sql: Sql;
  clock: Clock;
  config: ServerConfig;
  catalog: ResourceCatalog;
}

/** GET /oauth/authorize: the authorization endpoint (RFC 6749 section 3.1). */
export async function showAuthorization(deps: AuthorizeDeps, c: PageContext): Promise<Response> {
  const query = new URL(c.req.url).search.slice(1);
  const parsed = await parseAuthorizationRequest(deps, query, c.get("session")?.user.id);
  if (parsed.kind === "anonymous") return redirectToSignIn(c, authorizationPath(query));
  if (parsed.kind === "untrusted") return await untrustedRequestPage(deps, c, parsed);
  const redirect = (response: { code: string } | OAuthError) =>
    // RFC 9700 section 4.12: 303, so that no browser repeats a POST.
    c.redirect(
      authorizationResponseUri(deps, parsed.kind === "valid" ? parsed.request : parsed, response),
      303,
    );
  if (parsed.kind === "rejected") return redirect(parsed.error);
  const { request } = parsed;
  const isSilent = request.prompts.includes("none");
  const continued = withSignedInSince(deps, query, request);
  const session = c.get("session");
  if (session === undefined || needsSignIn(deps, session, continued)) {
    if (isSilent) {
      return redirect(
        new OAuthError("login_required", "The user is not signed in, or too long ago."),
      );
    }
    return redirectToSignIn(c, authorizationPath(continued), {
      again: session !== undefined,
      email: session === undefined ? request.loginHint : undefined,
    });
  }
  const asksForOther = isOtherAccount(request.loginHint, session);
  if (isSilent && asksForOther) {
    return redirect(
      new OAuthError("interaction_required", "Another user is signed in than in login_hint."),
    );
  }
  const isInteractive = asksForOther ||
    request.prompts.some((prompt) => prompt === "consent" || prompt === "select_account");
  const scope = isInteractive ? undefined : await rememberedScope(deps, session, request);
  if (scope !== undefined) {
    const code = await issueCode(deps, c, { session, request, scope, isRemembered: true });
    if (code === undefined) return redirectToSignIn(c, authorizationPath(continued));
    await recordConsentUse(deps.sql, {
      userId: session.user.id,
      clientId: request.client.id,
      now: new Date(deps.clock.now()),
    });
    return redirect({ code });
  }
  if (isSilent) {
    return redirect(new OAuthError("consent_required", "The user has to approve the login."));
  }
  return await consentPage(deps, c, { session, request, query: continued, asksForOther });
}

/** Whether `login_hint`, which is an e-mail address or an id, names another user. */
function isOtherAccount(hint: string | undefined, { user }: Session): boolean {
  return hint !== undefined && hint !== user.id && hint.toLowerCase() !== user.email.toLowerCase();
}

/**
 * The scope that the user need not be asked for; undefined if they must be. The operator allows that
 * for the client (RFC 8252 section 8.6), and the user has approved all of it before. Managing tokens
 * is approved each time.
 */
async function rememberedScope(
  { sql, catalog }: AuthorizeDeps,
  { user }: Session,
  { client, scope, resources, registeredRedirectUri }: AuthorizationRequest,
): Promise<string | undefined> {
  if (client.consent !== "remember") return undefined;
  const granted = limitLoginScope(catalog.scopes(), user, client, scope);
  const names = parseScope(granted) ?? [];
  if (names.some(isManagementScope)) return undefined;
  const consent = await findConsent(sql, { userId: user.id, clientId: client.id });
  const isCovered = consent !== undefined && consent.redirectUri === registeredRedirectUri &&
    missingScopes(names, parseScope(consent.scope) ?? []).length === 0 &&
    coversResources(consent, resources);
  return isCovered ? granted : undefined;
}

function coversResources(
  { resources: approved }: Consent,
  requested: readonly string[] | undefined,
): boolean {
  if (requested === undefined) return approved === undefined;
  return requested.every((identifier) => approved?.includes(identifier));
}
