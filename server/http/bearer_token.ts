/** The token of an Authorization header (RFC 6750 section 2.1), or undefined. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  const token = header.slice(7).trim();
  return token === "" || token.includes(" ") ? undefined : token;
}
