/** Lines and columns of offsets in a text that arrives in pieces. */
const NEWLINE = 10;

export interface Place {
  /** From 1. */
  line: number;
  /** In bytes, from 1; in UTF-16 without a byte order mark, in pairs of bytes. */
  column: number;
}

/** For a single text. Offsets are ascending. */
export class LineCount {
  readonly countsZeros = true;
  #line = 1;
  #lineStart = 0;
  #passed = 0;

  /**
   * The places of `offsets` in the text. None is after this piece, or in an earlier piece before
   * its last newline.
   */
  push(piece: Uint8Array, offsets: readonly number[]): Place[] {
    let newline = piece.indexOf(NEWLINE);
    const countTo = (offset: number) => {
      while (newline >= 0 && this.#passed + newline < offset) {
        this.#line++;
        this.#lineStart = this.#passed + newline + 1;
        newline = piece.indexOf(NEWLINE, newline + 1);
      }
    };
    const places = offsets.map((offset) => {
      countTo(offset);
      return { line: this.#line, column: offset - this.#lineStart + 1 };
    });
    countTo(Infinity);
    this.#passed += piece.length;
    return places;
  }
}
