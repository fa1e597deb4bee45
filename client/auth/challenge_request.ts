/** What an API's challenge asks for, as a request for a token (RFC 6750, RFC 9470, RFC 9728). */
import { ACR_VALUES, weakestAcr } from "../../shared/oauth/acr.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { AuthorizationServer } from "../oauth/discovery.ts";
import {
  type Challenge,
  MAX_CHALLENGE_LENGTH,
  parseChallenges,
} from "../oauth/www_authenticate.ts";
import type { TokenRequest } from "./requested_token.ts";

export interface ChallengeRequest extends Pick<TokenRequest, "scope" | "maxAge" | "acr"> {
  /** Where the API publishes its metadata: see `challengedResource`. */
  resourceMetadata?: string;
  /** The API did not accept the token itself, so another one is needed. */
  renew: boolean;
}

/** RFC 9470: years, in seconds; beyond them any sign-in is recent enough. */
const MAX_MAX_AGE = 10 * 365 * 86_400;

/**
 * Reads a WWW-Authenticate value, or a response head with one or more of them, as `curl -i` prints
 * it. Throws ClientError if no token would satisfy the API.
 */
export function readChallenge(text: string): ChallengeRequest {
  if (text.length > 8 * MAX_CHALLENGE_LENGTH) throw malformed("it is too long");
  const challenges = parseChallenges(challengeValue(text));
  if (challenges === undefined) throw malformed("it does not have the form of RFC 9110");
  const bearer = challenges.filter(({ scheme }) => scheme === "bearer");
  if (bearer.length === 0) {
    const schemes = challenges.map(({ scheme }) => sanitizeLine(scheme)).join(", ");
    throw malformed(
      schemes === "" ? "it is empty" : `the API asks for ${schemes}, not for a bearer token`,
    );
  }
  return requestFrom(bearer.find(({ parameters }) => parameters.has("error")) ?? bearer[0]);
}

/**
 * The name of the resource of the server that a challenge names by its metadata, which is not fetched: an API
 * may name any address. Both addresses that our server documents for a resource count: its own
 * below the issuer, and the well-known one of the resource (RFC 9728 section 3.1). Throws
 * ClientError for a resource of another server.
 */
export function challengedResource(
  { issuer, resources = [] }: Pick<AuthorizationServer, "issuer" | "resources">,
  metadata: string,
): string {
  const known = resources.find(({ name, identifier }) =>
    metadata === `${issuer}/resources/${encodeURIComponent(name)}/metadata` ||
    metadata === wellKnownMetadata(identifier)
  );
  if (known !== undefined) return known.name;
  throw new ClientError(
    "unknown_resource",
    `The API says that it is described at ${
      sanitizeLine(metadata, 300)
    }, which is not a resource ` +
      `of ${issuer}. Send it no token of this login. If it uses another server, log in there and ` +
      `add --server.`,
  );
}

/** RFC 9728 section 3.1: between the host and the path of the identifier. */
function wellKnownMetadata(identifier: string): string | undefined {
  if (!URL.canParse(identifier)) return undefined;
  const { origin, pathname, search } = new URL(identifier);
  return `${origin}/.well-known/oauth-protected-resource${
    pathname === "/" ? "" : pathname
  }${search}`;
}

function requestFrom({ parameters }: Challenge): ChallengeRequest {
  const error = parameters.get("error");
  const scopeText = parameters.get("scope");
  const scopes = scopeText === undefined ? undefined : parseScope(scopeText);
  if (scopeText !== undefined && scopes === undefined) {
    throw malformed("its scope is too long or has invalid characters");
  }
  const request: ChallengeRequest = {
    renew: error === "invalid_token",
    scope: scopes?.length === 0 ? undefined : scopes,
    resourceMetadata: parameters.get("resource_metadata"),
  };
  switch (error) {
    case undefined:
    case "invalid_token":
      return request;
    case "insufficient_scope":
      if (request.scope !== undefined) return request;
      throw unsatisfiable(
        "requires more permissions, but does not say which. Find out from its documentation, " +
          "then add --scope",
      );
    case "insufficient_user_authentication":
      return { ...request, ...neededSignIn(parameters) };
    default:
      throw unsatisfiable(
        `rejected the request for a reason that no token changes (${
          sanitizeLine(error) || "no reason"
        })`,
      );
  }
}

/** RFC 9470 section 3. */
function neededSignIn(
  parameters: Challenge["parameters"],
): Pick<ChallengeRequest, "maxAge" | "acr"> {
  const acrValues = parameters.get("acr_values");
  const maxAge = parameters.get("max_age");
  if (maxAge === undefined && acrValues === undefined) {
    throw unsatisfiable(
      "requires another sign-in, but does not say which (max_age and acr_values are missing)",
    );
  }
  if (maxAge !== undefined && !/^\d{1,15}$/.test(maxAge)) {
    throw malformed("its max_age is not a number of seconds");
  }
  const acr = acrValues === undefined ? undefined : weakestAcr(acrValues);
  if (acrValues !== undefined && acr === undefined) {
    throw unsatisfiable(
      `requires a kind of sign-in that the server does not have (acr_values ${
        sanitizeLine(acrValues)
      }). It has ${ACR_VALUES.join(", ")}`,
    );
  }
  return {
    maxAge: maxAge === undefined ? undefined : Math.min(Number(maxAge), MAX_MAX_AGE),
    acr,
  };
}

/** The values of the fields in a response head; all of `text` if it is not one. */
function challengeValue(text: string): string {
  const lines = text.trim().split(/\r\n|\n|\r/);
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    return name === "www-authenticate" ? [line.slice(colon + 1).trim()] : [];
  });
  return fields.length > 0 ? fields.join(", ") : text.trim();
}

function malformed(reason: string): ClientError {
  return new ClientError(
    "invalid_challenge",
    `--challenge is not a WWW-Authenticate value for a token: ${reason}. ` +
      `Example: --challenge 'Bearer error="insufficient_scope", scope="deploy"'`,
  );
}

function unsatisfiable(reason: string): ClientError {
  return new ClientError("unsupported", `The API ${reason}.`);
}
