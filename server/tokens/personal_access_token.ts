import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";

const PREFIX = brand.tokenPrefixes.personalAccessToken;
/** 256 bits. */
const SECRET_LENGTH = 32;
/** Tokens of older deployments: 32 bytes in base64url, without a checksum. */
const LEGACY_FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{43}$`);
/** Of these characters 8 are random: enough to distinguish tokens, of no use for guessing the rest. */
const DISPLAYED_LENGTH = 12;

export function generatePersonalAccessToken(): string {
  return formatToken(PREFIX, randomBytes(SECRET_LENGTH));
}

/** Whether a text has the form of a personal access token, without a look-up. */
export function isPersonalAccessToken(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  return hasTokenForm(PREFIX, text, SECRET_LENGTH) || LEGACY_FORM.test(text);
}

/** The prefix that lists show of a token. */
export function tokenPrefix(token: string): string {
  return token.slice(0, DISPLAYED_LENGTH);
}
