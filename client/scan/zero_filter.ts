/** Leaves zero bytes out of a text that arrives in pieces, and knows where the rest was. */
import { LONGEST_TOKEN } from "./find_tokens.ts";

/**
 * Without zeros every token is whole: in UTF-16 and UTF-32 the characters of a token are
 * its bytes with zeros between them, in either byte order and at even and odd offsets.
 * Tokens in 8-bit text stay as they are.
 */
export class ZeroFilter {
  /** Before the piece in hand: bytes, and those of them that are not zero. */
  #bytes = 0;
  #rest = 0;
  #piece: Uint8Array = new Uint8Array();
  #hasZeros = false;
  /** Offsets of the last bytes before the piece in hand that are not zero, and those after it. */
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
   * Where bytes were, by their place among those that are not zero: both counted from
   * the text's beginning. They rise, and none is more than a token before the piece in
   * hand, whose content must still be there.
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
    const found: number[] = [];
    for (let at = this.#piece.length - 1; at >= 0 && found.length < LONGEST_TOKEN; at--) {
      if (this.#piece[at] !== 0) found.push(this.#bytes + at);
    }
    return [...this.#kept, ...found.reverse()].slice(-LONGEST_TOKEN);
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
