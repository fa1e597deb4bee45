import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { AuthorizationRequest } from "../../oauth/authorization.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope, requiredAcr } from "../../scopes.ts";
import { type Acr, satisfiesAcr } from "../../../shared/oauth/acr.ts";
import { acrOf, strongerAcr } from "../../sign_in/authentication.ts";
import { PATHS } from "../../oauth/metadata.ts";
import type { Session } from "../../store/sessions.ts";
import { needsFreshSignIn } from "../http/browser_session.ts";

/**
 * When the user must have signed in for a request, in ms since the epoch. We add it to the request
 * before it travels through the sign-in page, so that prompt=login and max_age ask once. It protects
 * nothing: a user who can set it could as well remove `prompt`, and a client that depends on either
 * reads `auth_time` (OpenID Connect Core 1.0 section 3.1.2.1).
 */
export const SIGNED_IN_SINCE = "signed_in_since";

/** The authorization endpoint with a request, to return to. */
export function authorizationPath(query: string): string {
  return `${PATHS.authorization}?${query}`;
}

/** The request with the time after which the user must have signed in, if it depends on one. */
export function withSignedInSince(
  { clock }: { clock: Clock },
  query: string,
  { prompts, maxAge }: AuthorizationRequest,
): string {
  if (signedInSince(query) !== undefined) return query;
  const parameters = new URLSearchParams(query);
  const now = clock.now();
  if (prompts.includes("login")) parameters.set(SIGNED_IN_SINCE, String(now));
  else if (maxAge !== undefined) parameters.set(SIGNED_IN_SINCE, String(now - maxAge * 1000));
  else return query;
  return parameters.toString();
}

function signedInSince(query: string): number | undefined {
  const text = new URLSearchParams(query).get(SIGNED_IN_SINCE) ?? "";
  return /^-?\d{1,16}$/.test(text) ? Number(text) : undefined;
}

interface NeededSignInDeps {
  clock: Clock;
  config: Pick<ServerConfig, "deviceFlow">;
  catalog: Pick<ResourceCatalog, "scopes">;
}

/**
 * What sign-in the user needs first, for this request, for a scope with a factor or because the
 * operator requires a recent one; undefined: none.
 */
export function neededSignIn(
  deps: NeededSignInDeps,
  session: Session,
  { query, request: { client, scope, requiredAcr: requested } }: {
    query: string;
    request: Pick<AuthorizationRequest, "client" | "scope" | "requiredAcr">;
  },
): { acr?: Acr } | undefined {
  const catalog = deps.catalog.scopes();
  const held = limitLoginScope(catalog, session.user, client, scope);
  const acr = strongerAcr(requested, requiredAcr(catalog, held));
  if (!satisfiesAcr(acrOf(session.authentication), acr)) return { acr };
  const since = signedInSince(query) ?? -Infinity;
  const isOld = session.authenticatedAt.getTime() < since || needsFreshSignIn(deps, session);
  return isOld ? { acr } : undefined;
}
