/** The name of a login, with which its user recognizes it among others. */
import { sanitizeLine } from "./sanitize.ts";

/** In characters; a host name has up to 63. */
export const MAX_LOGIN_NAME = 80;

/** `untrusted` as it is stored: in one line, shortened if necessary. Undefined if nothing is left. */
export function toLoginName(untrusted: string | undefined): string | undefined {
  return untrusted === undefined ? undefined : sanitizeLine(untrusted, MAX_LOGIN_NAME) || undefined;
}
