import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import encoded from "./common_passwords.txt" with { type: "text" };

/**
 * Whether a password, in any letter case, is one of about 44,000 that leaked often: see
 * docs/security.md. The list has 32 bits of the hash of each, so one of 100,000 other passwords
 * is rejected too.
 */
export function isCommonPassword(password: string): boolean {
  const prefix = commonPasswordPrefix(password);
  const list = prefixes();
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle] < prefix) low = middle + 1;
    else high = middle;
  }
  return list[low] === prefix;
}

/** How the list has a password. */
export function commonPasswordPrefix(password: string): number {
  const text = password.normalize("NFKC").toLowerCase();
  return createHash("sha256").update(text).digest().readUInt32BE();
}

let decoded: Uint32Array | undefined;

/** Sorted. The file has the differences, seven bits a byte, the least significant first. */
function prefixes(): Uint32Array {
  if (decoded !== undefined) return decoded;
  const bytes = Buffer.from(encoded, "base64");
  const list: number[] = [];
  let [value, difference, shift] = [0, 0, 1];
  for (const byte of bytes) {
    difference += (byte & 0x7f) * shift;
    shift *= 128;
    if (byte >= 0x80) continue;
    value += difference;
    list.push(value);
    [difference, shift] = [0, 1];
  }
  return decoded = Uint32Array.from(list);
}
