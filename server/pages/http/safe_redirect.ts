/** Longest path we return to, in characters. */
const MAX_LENGTH = 512;

/**
 * Where to go after signing in: a path on this server, or "/" for anything else.
 * Judged by the URL parser that browsers use, after it has taken out tabs and
 * turned backslashes: `/\evil.example` and `/.//evil.example` leave the server.
 */
export function safeRedirect(next: string | undefined): string {
  if (next === undefined || next.length > MAX_LENGTH || !next.startsWith("/")) return "/";
  const base = "http://here.invalid";
  if (!URL.canParse(next, base)) return "/";
  const url = new URL(next, base);
  if (url.origin !== base || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search;
}
