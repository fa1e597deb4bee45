import { Buffer } from "node:buffer";

/** User and password of an Authorization header of the scheme Basic (RFC 7617 section 2), else undefined. */
export function basicCredentials(
  header: string | null,
): { user: string; password: string } | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
