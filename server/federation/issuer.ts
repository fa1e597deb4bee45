import { isLoopbackHost } from "../config/parsers.ts";

/** What an issuer of a token may be written with; other text could be what no database takes. */
const ISSUER_CHARACTERS = /^[\x21-\x7e]+$/;

/** Whether a token may name `text` as its issuer. */
export function isIssuerText(text: unknown): text is string {
  return typeof text === "string" && ISSUER_CHARACTERS.test(text);
}

/**
 * Whether tokens of this issuer can ever be verified, so that no rule is added which trusts
 * nobody: an https URL without query and fragment (OpenID Connect Discovery 1.0 section 2), or
 * http on this machine, and without user and password, which no request of ours sends.
 */
export function isUsableIssuer(text: string): boolean {
  if (!isIssuerText(text) || !URL.canParse(text) || /[?#]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}
