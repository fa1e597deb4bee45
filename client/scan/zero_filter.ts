/** Removes zero bytes from a text that arrives in pieces, and maps offsets back. */
import { LONGEST_TOKEN } from "./find_tokens.ts";

/**
 * Without zeros, a token in UTF-16 or UTF-32 is its 8-bit form, in either byte order and at even
 * and odd offsets. Tokens in 8-bit text do not change.
 */
export class ZeroFilter {
  /** Bytes before the current piece, and those of them that are not zero. */
  #bytes = 0;
  #rest = 0;
  #piece: Uint8Array = new Uint8Array();
  #hasZeros = false;
  /** Offsets of the last bytes that are not zero before the current piece, and before the next. */
  #kept: number[] = [];
  #keptNext: number[] = [];
  #restNext = 0;

  /** The piece without its zeros. The piece itself may be overwritten before the next push. */
  push(piece: Uint8Array): Uint8Array {
    this.#bytes += this.#piece.length;
    this.#rest = this.#restNext;
    this.#kept = this.#keptNext;
    this.#piece = piece;
    const rest = withoutZeros(piece);
    this.#hasZeros = rest.length < piece.length;
    this.#restNext = this.#rest + rest.length;
    this.#keptNext = this.#lastOffsets();
    return rest;
  }

  /**
   * Offsets in the text, by offsets without zeros. `places` are ascending, and at most a token
   * before the current piece, which must not be overwritten yet.
   */
  offsetsOf(places: readonly number[]): number[] {
    let at = -1;
    let passed = this.#rest - 1;
    return places.map((place) => {
      if (place < this.#rest) return this.#kept[this.#kept.length - (this.#rest - place)];
      if (!this.#hasZeros) return this.#bytes + place - this.#rest;
      while (passed < place) if (this.#piece[++at] !== 0) passed++;
      return this.#bytes + at;
    });
  }

  #lastOffsets(): number[] {
    const offsets: number[] = [];
    for (let at = this.#piece.length - 1; at >= 0 && offsets.length < LONGEST_TOKEN; at--) {
      if (this.#piece[at] !== 0) offsets.push(this.#bytes + at);
    }
    return [...this.#kept, ...offsets.reverse()].slice(-LONGEST_TOKEN);
  }
}

/** The bytes that are not zero; the same array if there is no zero in it. */
export function withoutZeros(bytes: Uint8Array): Uint8Array {
  let zero = bytes.indexOf(0);
  if (zero < 0) return bytes;
  const rest = new Uint8Array(bytes.length - 1);
  let length = 0;
  for (let start = 0;;) {
    const end = zero < 0 ? bytes.length : zero;
    for (let at = start; at < end; at++) rest[length++] = bytes[at];
    if (zero < 0) return rest.subarray(0, length);
    start = zero + 1;
    zero = bytes[start] === 0 ? start : bytes.indexOf(0, start);
  }
}
