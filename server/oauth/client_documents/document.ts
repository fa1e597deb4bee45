import { sanitizeLine } from "../../../shared/sanitize.ts";
import { LOOPBACK_REDIRECT, redirectUriProblem } from "../../../shared/oauth/redirect_uri.ts";

/**
 * OAuth Client ID Metadata Document (draft-ietf-oauth-client-id-metadata-document): a client
 * without registration, whose id is the https address of a JSON document that describes it.
 */
export interface ClientDocument {
  name: string;
  homepage?: string;
  redirectUris: readonly string[];
}

export const MAX_CLIENT_ID_LENGTH = 500;
const MAX_REDIRECT_URIS = 20;
const MAX_NAME_LENGTH = 80;

/** No method with a shared secret can work, since none was agreed on (section 4.1). */
const NO_SECRET = "none";

/**
 * Whether a client id is the address of a document (section 3): https, with a path, without a
 * fragment, user name, password or dot segments. Only the form that URLs have once they are parsed
 * is accepted, so that one client has one id; the draft advises against a query.
 */
export function isDocumentAddress(id: string): boolean {
  if (!id.startsWith("https://") || id.length > MAX_CLIENT_ID_LENGTH) return false;
  const url = URL.parse(id);
  return url !== null && url.href === id && url.pathname !== "/" && !/[?#]/.test(id) &&
    url.username === "" && url.password === "";
}

/** Reads a document; a text says why it cannot be used, as the end of a sentence. */
export function parseClientDocument(id: string, body: Uint8Array): ClientDocument | string {
  const document = parseObject(body);
  if (document === undefined) return "is not a JSON object";
  // Section 4.1: a comparison of strings.
  if (document.client_id !== id) return "has another client_id";
  if (document.client_secret !== undefined || document.client_secret_expires_at !== undefined) {
    return "contains a client secret, which would be public";
  }
  if ((document.token_endpoint_auth_method ?? NO_SECRET) !== NO_SECRET) {
    return `has a token_endpoint_auth_method other than ${NO_SECRET}`;
  }
  const grants = document.grant_types ?? ["authorization_code"];
  if (!isTextList(grants) || !grants.includes("authorization_code")) {
    return "does not have the grant type authorization_code";
  }
  const { redirect_uris: redirectUris, client_name: name, client_uri: homepage } = document;
  if (!isTextList(redirectUris) || redirectUris.length === 0) return "has no redirect_uris";
  if (redirectUris.length > MAX_REDIRECT_URIS) {
    return `has more than ${MAX_REDIRECT_URIS} redirect_uris`;
  }
  const wrong = redirectUris.find((uri) => redirectProblem(id, uri));
  if (wrong !== undefined) {
    return `has the redirect URI ${
      sanitizeLine(wrong, 100)
    }, which is neither on its own host nor ` +
      "on the user's machine";
  }
  return {
    name: typeof name === "string" && sanitizeLine(name, MAX_NAME_LENGTH).trim() !== ""
      ? sanitizeLine(name, MAX_NAME_LENGTH).trim()
      : new URL(id).host,
    ...isHomepage(id, homepage) && { homepage },
    redirectUris,
  };
}

/**
 * A document can name any address, so one on another host would let its author receive codes in
 * the name of another site.
 */
function redirectProblem(id: string, uri: string): boolean {
  if (uri === LOOPBACK_REDIRECT || redirectUriProblem(uri) !== undefined) return true;
  const { protocol, host } = new URL(uri);
  return protocol === "https:" && host !== new URL(id).host;
}

/** The page that the approval links to is on the host that the user is shown. */
function isHomepage(id: string, homepage: unknown): homepage is string {
  if (typeof homepage !== "string" || homepage.length > MAX_CLIENT_ID_LENGTH) return false;
  const url = URL.parse(homepage);
  return url?.protocol === "https:" && url.host === new URL(id).host && url.username === "" &&
    url.password === "";
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
