/** Finds this product's tokens in bytes, verified by their checksum, without a server. */
import { formatToken, hasChecksum, parseToken } from "../../shared/tokens/format.ts";
import { type TokenKind, tokenKinds } from "../../shared/tokens/kinds.ts";

export interface FoundToken {
  kind: TokenKind;
  /** Secret: never print it. */
  token: string;
  offset: number;
}

const tokenLength = ({ prefix, payloadLength }: TokenKind) =>
  formatToken(prefix, new Uint8Array(payloadLength)).length;
const decoder = new TextDecoder("latin1");
export const LONGEST_TOKEN = Math.max(...tokenKinds.map(tokenLength));
/** Every token has a run of at least this many base62 characters. */
const SHORTEST_RUN = Math.min(
  ...tokenKinds.map((kind) => tokenLength(kind) - kind.prefix.length),
);

const IS_BASE62 = Uint8Array.from(
  { length: 256 },
  (_, byte) => /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The first `anchor` characters of a prefix come before its trailing base62 characters. */
const FORMS = tokenKinds.map((kind) => ({
  kind,
  prefix: new TextEncoder().encode(kind.prefix),
  anchor: [...kind.prefix].findLastIndex((character) => !/[0-9A-Za-z]/.test(character)) + 1,
  length: tokenLength(kind),
}));

/**
 * The tokens in `bytes`, in order. As in the algorithm of Boyer and Moore, most bytes are skipped:
 * in each window as long as the shortest run, the search goes backwards to the first byte that
 * is not base62.
 */
export function findTokens(bytes: Uint8Array): FoundToken[] {
  const tokens: FoundToken[] = [];
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
    addTokensOfRun(bytes, start, end, tokens);
    start = end + 1;
  }
  return tokens;
}

/**
 * Adds the tokens in the run of base62 characters from `start` to `end`. For speed, only
 * candidates with a valid checksum are decoded.
 */
function addTokensOfRun(bytes: Uint8Array, start: number, end: number, tokens: FoundToken[]): void {
  const before = tokens.length;
  for (const form of FORMS) {
    const { kind, prefix, anchor, length } = form;
    // Unless its prefix is all base62, a token can start only at one offset.
    const first = Math.max(0, start - anchor);
    const last = anchor > 0 ? start - anchor : end - length;
    for (let at = first; at <= last && at + length <= end; at++) {
      if (prefix.some((byte, index) => bytes[at + index] !== byte)) continue;
      const candidate = bytes.subarray(at, at + length);
      if (!hasChecksum(candidate)) continue;
      const token = decoder.decode(candidate);
      if (parseToken(kind.prefix, token, kind.payloadLength) !== undefined) {
        tokens.push({ kind, token, offset: at });
      }
    }
  }
  if (tokens.length - before > 1) {
    tokens.push(...tokens.splice(before).sort((a, b) => a.offset - b.offset));
  }
}
