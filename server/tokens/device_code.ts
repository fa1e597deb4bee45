import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";

const SECRET_LENGTH = 32;

/** A new device code: 256 bits, since anyone may try to guess it (RFC 8628 section 5.2). */
export function generateDeviceCode(): string {
  return formatToken(brand.tokenPrefixes.deviceCode, randomBytes(SECRET_LENGTH));
}

/** Whether a text has the form of a device code, issued or not. */
export function isDeviceCode(text: string): boolean {
  return hasTokenForm(brand.tokenPrefixes.deviceCode, text, SECRET_LENGTH);
}
