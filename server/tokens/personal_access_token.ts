import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";

const PREFIX = brand.tokenPrefixes.personalAccessToken;
/** 256 bits. */
const SECRET_LENGTH = 32;
/** What older deployments gave out: 32 bytes in base64url, without a checksum. */
const OLDER_FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{43}$`);
/** Of these characters 8 are random: enough to tell tokens apart, nothing to guess the rest by. */
const SHOWN_LENGTH = 12;

/** A fresh personal access token. */
export function generatePersonalAccessToken(): string {
  return formatToken(PREFIX, randomBytes(SECRET_LENGTH));
}

/** Whether a text can be a personal access token at all; without a look-up, so anybody may ask. */
export function isPersonalAccessToken(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  return hasTokenForm(PREFIX, text, SECRET_LENGTH) || OLDER_FORM.test(text);
}

/** The beginning of a token, as lists show it. */
export function shownPrefix(token: string): string {
  return token.slice(0, SHOWN_LENGTH);
}
