import { isLoopbackHost } from "../config/parsers.ts";

/** Printable ASCII: PostgreSQL rejects some other characters. */
const ISSUER_CHARACTERS = /^[\x21-\x7e]+$/;

/** Whether `text` can be the issuer of a token. */
export function isIssuerText(text: unknown): text is string {
  return typeof text === "string" && ISSUER_CHARACTERS.test(text);
}

/**
 * Whether tokens of this issuer can be verified, since a rule for any other would never match: an
 * https URL without query and fragment (OpenID Connect Discovery 1.0 section 2), or http on this
 * machine, and without user and password, which the server does not send.
 */
export function isUsableIssuer(text: string): boolean {
  if (!isIssuerText(text) || !URL.canParse(text) || /[?#]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}
