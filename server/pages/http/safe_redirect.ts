const MAX_LENGTH = 512;

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
