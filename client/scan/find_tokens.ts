/** Finds this product's tokens in bytes, told from look-alikes by their checksum, without a server. */
import { formatToken, hasChecksum, parseToken } from "../../shared/tokens/format.ts";
import { type TokenKind, tokenKinds } from "../../shared/tokens/kinds.ts";

export interface FoundToken {
  kind: TokenKind;
  /** The secret itself: never to be shown. */
  token: string;
  /** Of its first byte. */
  offset: number;
}

const tokenLength = ({ prefix, payloadLength }: TokenKind) =>
  formatToken(prefix, new Uint8Array(payloadLength)).length;
/** One byte is one character in this encoding. */
const decoder = new TextDecoder("latin1");
/** In characters, which are bytes. */
export const LONGEST_TOKEN = Math.max(...tokenKinds.map(tokenLength));
/** Every token holds at least so many base62 characters in a row. */
const SHORTEST_RUN = Math.min(
  ...tokenKinds.map((kind) => tokenLength(kind) - kind.prefix.length),
);

const IS_BASE62 = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** `anchor` characters of a prefix stand before the base62 characters that end it. */
const FORMS = tokenKinds.map((kind) => ({
  kind,
  prefix: new TextEncoder().encode(kind.prefix),
  anchor: [...kind.prefix].findLastIndex((character) => !/[0-9A-Za-z]/.test(character)) + 1,
  length: tokenLength(kind),
}));

/**
 * The tokens in `bytes`, in order. Most bytes are never looked at: of each
 * stretch as long as a token's run of base62 characters only the last ones, up
 * to one that no run can hold (the idea of Boyer and Moore).
 */
export function findTokens(bytes: Uint8Array): FoundToken[] {
  const found: FoundToken[] = [];
  let start = 0;
  while (start + SHORTEST_RUN <= bytes.length) {
    let probe = start + SHORTEST_RUN - 1;
    while (probe >= start && IS_BASE62[bytes[probe]] === 1) probe--;
    if (probe >= start) {
      start = probe + 1;
      continue;
    }
    let end = start + SHORTEST_RUN;
    while (end < bytes.length && IS_BASE62[bytes[end]] === 1) end++;
    addTokensOfRun(bytes, start, end, found);
    start = end + 1;
  }
  return found;
}

/**
 * Adds the tokens whose base62 characters lie from `start` to `end`, where no
 * further ones are around them. Texts full of look-alikes are gone through at
 * this pace, so that nothing is decoded that fails the checksum.
 */
function addTokensOfRun(bytes: Uint8Array, start: number, end: number, found: FoundToken[]): void {
  const before = found.length;
  for (const form of FORMS) {
    const { kind, prefix, anchor, length } = form;
    // All but a prefix of base62 characters alone can stand in one place only.
    const first = Math.max(0, start - anchor);
    const last = anchor > 0 ? start - anchor : end - length;
    for (let at = first; at <= last && at + length <= end; at++) {
      if (prefix.some((byte, index) => bytes[at + index] !== byte)) continue;
      const candidate = bytes.subarray(at, at + length);
      if (!hasChecksum(candidate)) continue;
      const token = decoder.decode(candidate);
      if (parseToken(kind.prefix, token, kind.payloadLength) !== undefined) {
        found.push({ kind, token, offset: at });
      }
    }
  }
  if (found.length - before > 1) {
    found.push(...found.splice(before).sort((one, other) => one.offset - other.offset));
  }
}
