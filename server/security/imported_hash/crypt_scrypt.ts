import { Buffer } from "node:buffer";
import type { ScryptHash } from "./parsed_hash.ts";

/** The digits of crypt(3), the least significant first. */
const DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The modular crypt form of scrypt, `$7$`, of crypt(5): one digit for N, five for r, five for p. */
export function parseCryptScrypt(text: string): ScryptHash | undefined {
  const match =
    /^\$7\$([./0-9A-Za-z])([./0-9A-Za-z]{5})([./0-9A-Za-z]{5})([^$]+)\$([./0-9A-Za-z]{43})$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, n, r, p, salt, key] = match;
  return {
    kind: "scrypt",
    log2N: DIGITS.indexOf(n),
    r: decodeNumber(r),
    p: decodeNumber(p),
    salt: Buffer.from(salt),
    key: decodeBytes(key),
  };
}

function decodeNumber(digits: string): number {
  return [...digits].reduce((sum, digit, index) => sum + DIGITS.indexOf(digit) * 64 ** index, 0);
}

/** Groups of four digits have three bytes. */
function decodeBytes(text: string): Buffer {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 4) {
    const group = text.slice(at, at + 4);
    const value = decodeNumber(group);
    for (let byte = 0; byte < group.length - 1; byte++) bytes.push((value >> (8 * byte)) & 0xff);
  }
  return Buffer.from(bytes);
}
