import { Buffer } from "node:buffer";

/** The token of an Authorization header (RFC 6750 section 2.1), or undefined. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  const token = header.slice(7).trim();
  return token === "" || token.includes(" ") ? undefined : token;
}

/** The password of HTTP Basic (RFC 7617 section 2), where programs such as git put a token; any user name will do. */
export function basicPassword(request: Request): string | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(
    request.headers.get("authorization") ?? "",
  ) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  const password = text.slice(text.indexOf(":") + 1);
  return password === "" || !text.includes(":") ? undefined : password;
}
