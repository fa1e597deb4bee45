import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";

const PREFIX = brand.tokenPrefixes.personalAccessToken;
/** 256 bits. */
const SECRET_LENGTH = 32;
/** The format of older deployments: 32 bytes in base64url, without a checksum. */
const OLDER_FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{43}$`);
/** Of these characters 8 are random: enough to distinguish tokens, not to guess the rest. */
const SHOWN_LENGTH = 12;

/** A fresh personal access token. */
export function generatePersonalAccessToken(): string {
  return formatToken(PREFIX, randomBytes(SECRET_LENGTH));
}

/** Whether a text has the format of a personal access token; without a lookup. */
export function isPersonalAccessToken(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false;
  return hasTokenForm(PREFIX, text, SECRET_LENGTH) || OLDER_FORM.test(text);
}

/** The prefix of a token, as lists show it. */
export function shownPrefix(token: string): string {
  return token.slice(0, SHOWN_LENGTH);
}
