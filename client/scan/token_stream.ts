/** Finds tokens in a text that arrives in pieces, also across two of them. */
import { findTokens, type FoundToken, LONGEST_TOKEN } from "./find_tokens.ts";

/** For a single text. Pieces may be overwritten after the call. */
export class TokenStream {
  /** The end of the text so far: a token may start in it. */
  #tail = new Uint8Array();
  #passed = 0;

  /** The tokens that end in this piece, with their offsets in the text. */
  push(piece: Uint8Array): FoundToken[] {
    const tail = this.#tail;
    const seam = joined(tail, piece.subarray(0, LONGEST_TOKEN - 1));
    const across = findTokens(seam)
      .filter(({ token, offset }) => offset < tail.length && offset + token.length > tail.length)
      .map((match) => ({ ...match, offset: this.#passed - tail.length + match.offset }));
    const inside = findTokens(piece)
      .map((match) => ({ ...match, offset: this.#passed + match.offset }));
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
