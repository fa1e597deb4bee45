import { OAuthError } from "../../shared/oauth/errors.ts";
import { BodyError, readText } from "../http/body.ts";
import { MAX_AUTHORIZATION_QUERY } from "./authorization.ts";
import { PATHS } from "./metadata.ts";
import { oauthErrorResponse } from "./response.ts";

/**
 * An authorization request by POST (OpenID Connect Core 1.0 section 3.1.2.1) becomes one by GET. It
 * comes from the client's own page, so it has neither our CSRF token nor the cookie of the session,
 * which a browser adds to the GET.
 */
export async function authorizationForm(request: Request): Promise<Response> {
  const body = await readText(request, { limit: MAX_AUTHORIZATION_QUERY });
  if (body instanceof BodyError) {
    return oauthErrorResponse(
      new OAuthError(
        "invalid_request",
        `The request is longer than ${MAX_AUTHORIZATION_QUERY} bytes, or did not arrive in time.`,
      ),
    );
  }
  const location = `${PATHS.authorization}?${new URLSearchParams(body)}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}
