/** Finds tokens in a text that arrives in pieces. */
import { findTokens, type FoundToken, LONGEST_TOKEN } from "./find_tokens.ts";

/** One text. The pieces it is given may be overwritten afterwards. */
export class TokenStream {
  /** The end of what has passed: a token may begin there. */
  #tail = new Uint8Array();
  #passed = 0;

  /** The tokens that end in this piece, by their place in the whole text. */
  push(piece: Uint8Array): FoundToken[] {
    const tail = this.#tail;
    const seam = joined(tail, piece.subarray(0, LONGEST_TOKEN - 1));
    const across = findTokens(seam)
      .filter(({ token, offset }) => offset < tail.length && offset + token.length > tail.length)
      .map((found) => ({ ...found, offset: this.#passed - tail.length + found.offset }));
    const inside = findTokens(piece)
      .map((found) => ({ ...found, offset: this.#passed + found.offset }));
    this.#tail = joined(tail, piece.subarray(-LONGEST_TOKEN)).slice(-(LONGEST_TOKEN - 1));
    this.#passed += piece.length;
    return [...across, ...inside];
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
