import { MAX_AUTHORIZATION_QUERY } from "../../oauth/authorization.ts";

/** An authorization request, the longest path to return to, with what we add to it. */
const MAX_LENGTH = MAX_AUTHORIZATION_QUERY + 100;

/**
 * The path to redirect to, or "/" if `next` is not a path on this server. Parsed as browsers do,
 * which remove tabs and convert backslashes: `/\evil.example` and `/.//evil.example` lead to
 * another server.
 */
export function safeRedirect(next: string | undefined): string {
  if (next === undefined || next.length > MAX_LENGTH || !next.startsWith("/")) return "/";
  const base = "http://here.invalid";
  if (!URL.canParse(next, base)) return "/";
  const url = new URL(next, base);
  if (url.origin !== base || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search;
}
