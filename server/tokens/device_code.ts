import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken, hasTokenForm } from "../../shared/tokens/format.ts";

const SECRET_LENGTH = 32;

/** A fresh device code: 256 bits, since it can be guessed at from anywhere (RFC 8628 section 5.2). */
export function generateDeviceCode(): string {
  return formatToken(brand.tokenPrefixes.deviceCode, randomBytes(SECRET_LENGTH));
}

/** Whether a text has the form of a device code; says nothing about whether one was issued. */
export function isDeviceCode(text: string): boolean {
  return hasTokenForm(brand.tokenPrefixes.deviceCode, text, SECRET_LENGTH);
}
