import { parseExactJson } from "../../shared/exact_json.ts";

/**
 * The claims of a JWT without verification: only for tokens that came from their issuer over TLS,
 * or from the user (OpenID Connect Core 1.0 section 3.1.3.7, item 6). Undefined if `token` is not a
 * JWT: access tokens may be opaque.
 */
export function unverifiedClaims(token: string): Record<string, unknown> | undefined {
  const [, payload, signature, more] = token.split(".");
  if (payload === undefined || signature === undefined || more !== undefined) return undefined;
  try {
    const bytes = Uint8Array.from(
      atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const claims: unknown = parseExactJson(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null
      ? claims as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
