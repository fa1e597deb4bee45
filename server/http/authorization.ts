/** The Authorization header of a request, and the challenge that asks for one. */
import { Buffer } from "node:buffer";
import type { OAuthError } from "../../shared/oauth/errors.ts";

/** The token of the scheme Bearer (RFC 6750 section 2.1), or undefined. */
export function bearerToken(headers: Headers): string | undefined {
  return credentials(headers, "bearer");
}

/** The encoded credentials of the scheme Basic (RFC 7617 section 2), or undefined. */
export function encodedBasicCredentials(headers: Headers): string | undefined {
  const encoded = credentials(headers, "basic");
  return encoded !== undefined && /^[A-Za-z0-9+/]+=*$/.test(encoded) ? encoded : undefined;
}

/** User and password, or undefined if there is no colon between them. */
export function decodeBasicCredentials(
  encoded: string,
): { user: string; password: string } | undefined {
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** RFC 9110 section 11.4: the scheme in any case, spaces, and one token. */
function credentials(headers: Headers, scheme: string): string | undefined {
  const header = headers.get("authorization");
  if (header === null || header[scheme.length] !== " ") return undefined;
  if (header.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  const token = header.slice(scheme.length + 1).trim();
  return token === "" || token.includes(" ") ? undefined : token;
}

interface ChallengeParameters {
  realm?: string;
  scope?: string;
  maxAge?: number;
  acrValues?: string;
  resourceMetadata?: string;
}

/**
 * The WWW-Authenticate value for `error` (RFC 6750 section 3), which is undefined if the request
 * had no token. `scope` is what would be sufficient, `maxAge` the largest age of the sign-in in seconds and
 * `acrValues` what it must be (RFC 9470 section 3), `resourceMetadata` where a client learns whom to ask (RFC 9728 section 5.1).
 */
export function bearerChallenge(
  error?: OAuthError,
  { realm, scope, maxAge, acrValues, resourceMetadata }: ChallengeParameters = {},
): string {
  const parameters = {
    realm,
    error: error?.code,
    error_description: error && inChallenge(error.message),
    scope,
    acr_values: acrValues,
    max_age: maxAge,
    resource_metadata: resourceMetadata,
  };
  const written = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value}"`);
  return ["Bearer", written.join(", ")].join(" ").trim();
}

/** A text in the characters that `error_description` allows (RFC 6750 section 3). */
function inChallenge(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, "?");
}
