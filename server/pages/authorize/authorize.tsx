import type { Clock } from "../../../shared/clock.ts";
import { isManagementScope } from "../../../shared/management.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";
import { redirectTarget } from "../../../shared/oauth/redirect_uri.ts";
import { missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import {
  type AuthorizationDeps,
  type AuthorizationRequest,
  authorizationResponseUri,
  parseAuthorizationRequest,
} from "../../oauth/authorization.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { DEFAULT_RESOURCE } from "../../resources/resource.ts";
import { limitLoginScope } from "../../scopes.ts";
import { type Consent, findConsent, recordConsentUse } from "../../store/consents.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { Session } from "../../store/sessions.ts";
import type { PageContext } from "../context.ts";
import { redirectToSignIn, signedInSession } from "../http/browser_session.ts";
import { consentPage, type ConsentPageDeps } from "./consent_page.tsx";
import { unregisteredRedirectPage, untrustedRequestPage } from "./errors.tsx";
import { issueCode, type IssueCodeDeps } from "./issue_code.ts";
import { authorizationPath, neededSignIn, withSignedInSince } from "./return_path.ts";

export interface AuthorizeDeps extends AuthorizationDeps, ConsentPageDeps, IssueCodeDeps {
  sql: Sql;
  clock: Clock;
  config: ServerConfig;
  catalog: ResourceCatalog;
}

/** GET /oauth/authorize: the authorization endpoint (RFC 6749 section 3.1). */
export async function showAuthorization(deps: AuthorizeDeps, c: PageContext): Promise<Response> {
  const query = new URL(c.req.url).search.slice(1);
  const session = c.get("session");
  const parsed = await parseAuthorizationRequest(deps, query, session?.user.id);
  if (parsed.kind === "anonymous") return redirectToSignIn(c, authorizationPath(query));
  if (parsed.kind === "untrusted") return await untrustedRequestPage(deps, c, parsed);
  const request = parsed.kind === "rejected" ? parsed : parsed.request;
  const redirect = async (response: { code: string } | OAuthError) => {
    const uri = authorizationResponseUri(deps, request, response);
    return response instanceof OAuthError && !mayRedirectUnasked(deps, request)
      ? await unregisteredRedirectPage(deps, c, { ...request, error: response, uri })
      // RFC 9700 section 4.12: 303, so that no browser repeats a POST.
      : c.redirect(uri, 303);
  };
  if (parsed.kind === "rejected") {
    // RFC 9700 section 4.11.2: a link to this server leads nowhere else without a sign-in.
    const isSilent = new URLSearchParams(query).get("prompt") === "none";
    return session === undefined && !isSilent
      ? redirectToSignIn(c, authorizationPath(query))
      : await redirect(parsed.error);
  }
  const continued = withSignedInSince(deps, query, parsed.request);
  const answer = await decideWithoutAsking(deps, c, { request: parsed.request, query: continued });
  if (answer instanceof Response) return answer;
  if (answer !== undefined) return await redirect(answer);
  return await consentPage(deps, c, {
    session: signedInSession(c),
    request: parsed.request,
    query: continued,
    asksForOther: isOtherAccount(parsed.request.loginHint, signedInSession(c)),
  });
}

/**
 * Whether an error may send the browser away without asking the user (RFC 9700 section 4.11.2). Anyone
 * can publish the document of a client, so a link to this server would lead to any site.
 */
function mayRedirectUnasked(
  { documentClients }: Pick<AuthorizeDeps, "documentClients">,
  { client, redirectUri }: Pick<AuthorizationRequest, "client" | "redirectUri">,
): boolean {
  return client.document === undefined || documentClients.isListed(client.id) ||
    redirectTarget(redirectUri).kind !== "site";
}

/** What the client gets or where the user signs in; undefined if the user has to be asked. */
async function decideWithoutAsking(
  deps: AuthorizeDeps,
  c: PageContext,
  { request, query }: { request: AuthorizationRequest; query: string },
): Promise<{ code: string } | OAuthError | Response | undefined> {
  const { prompts, loginHint, client } = request;
  const isSilent = prompts.includes("none");
  const session = c.get("session");
  const needed = session === undefined
    ? { acr: request.requiredAcr }
    : neededSignIn(deps, session, { query, request });
  if (session === undefined || needed !== undefined) {
    if (isSilent) {
      return new OAuthError(
        "login_required",
        "The user is not signed in, or too long ago, or without a factor that this needs.",
      );
    }
    return redirectToSignIn(c, authorizationPath(query), {
      again: session !== undefined,
      acr: needed?.acr,
      email: session === undefined ? loginHint : undefined,
    });
  }
  const asksForOther = isOtherAccount(loginHint, session);
  if (isSilent && asksForOther) {
    return new OAuthError("interaction_required", "Another user is signed in than in login_hint.");
  }
  const isInteractive = asksForOther ||
    prompts.some((prompt) => prompt === "consent" || prompt === "select_account");
  const scope = isInteractive ? undefined : await rememberedScope(deps, session, request);
  if (scope === undefined) {
    return isSilent
      ? new OAuthError("consent_required", "The user has to approve the login.")
      : undefined;
  }
  const code = await issueCode(deps, c, { session, request, scope, isRemembered: true });
  if (code === undefined) return redirectToSignIn(c, authorizationPath(query));
  await recordConsentUse(deps.sql, {
    userId: session.user.id,
    clientId: client.id,
    now: new Date(deps.clock.now()),
  });
  return { code };
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
  const covered = approved ?? [DEFAULT_RESOURCE];
  return (requested ?? [DEFAULT_RESOURCE]).every((resource) => covered.includes(resource));
}
