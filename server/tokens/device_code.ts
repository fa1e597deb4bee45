import { randomBytes } from "node:crypto";
import { brand } from "../../shared/brand.ts";
import { formatToken } from "../../shared/token_format.ts";

/** A fresh device code: 256 bits, since it can be guessed at from anywhere (RFC 8628 section 5.2). */
export function makeDeviceCode(): string {
  return formatToken(brand.tokenPrefixes.deviceCode, randomBytes(32));
}
