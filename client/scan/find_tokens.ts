/** Finds this product's tokens in bytes, told from look-alikes by their checksum, without a server. */
import { formatToken, parseToken } from "../../shared/token_format.ts";
import { type TokenKind, tokenKinds } from "../../shared/token_kinds.ts";

export interface FoundToken {
  kind: TokenKind;
  /** The secret itself: never to be shown. */
  token: string;
  /** Of its first byte. */
  offset: number;
}

const LONGEST_PREFIX = Math.max(...tokenKinds.map(({ prefix }) => prefix.length));
const tokenLength = ({ prefix, payloadLength }: TokenKind) =>
  formatToken(prefix, new Uint8Array(payloadLength)).length;
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
    const from = Math.max(0, start - LONGEST_PREFIX);
    found.push(...tokensIn(bytes.subarray(from, end), from));
    start = end + 1;
  }
  return found;
}

/** One byte is one character in this encoding. */
const decoder = new TextDecoder("latin1");

function tokensIn(bytes: Uint8Array, offset: number): FoundToken[] {
  const text = decoder.decode(bytes);
  const found: FoundToken[] = [];
  for (const kind of tokenKinds) {
    for (let at = text.indexOf(kind.prefix); at >= 0; at = text.indexOf(kind.prefix, at + 1)) {
      const token = text.slice(at, at + tokenLength(kind));
      if (parseToken(kind.prefix, token, kind.payloadLength) !== undefined) {
        found.push({ kind, token, offset: offset + at });
      }
    }
  }
  return found.sort((one, other) => one.offset - other.offset);
}
