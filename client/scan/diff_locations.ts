/** Places in a text that may contain diffs: `git diff`, `git log -p`, `git format-patch`. */
import { Hunk } from "./diff_hunk.ts";
import { newPath } from "./diff_path.ts";
import type { Place } from "./line_index.ts";

const NEWLINE = 10;
/** Bytes of a line that are kept for the next piece: enough for any header. */
const KEPT_LENGTH = 16_384;
/** First characters of the headers of a diff. */
const HEADER_STARTS = new Set([..."-+@dcFBG"].map((mark) => mark.charCodeAt(0)));

/** In a file that a diff changes if `path` is set, else in the text itself. */
export interface DiffPlace extends Place {
  path?: string;
  /** The full id of the commit of the diff, if the text has it. */
  commit?: string;
}

/** For a single text. Offsets are ascending. */
export class DiffPlaces {
  /** PowerShell pipes a diff as UTF-16. */
  readonly countsZeros = false;
  /** Files that git does not print. */
  binaryFiles = 0;
  #line = 1;
  #lineStart = 0;
  #passed = 0;
  /** The start of a line that is not complete. */
  #kept: Uint8Array = new Uint8Array();
  #commit: string | undefined;
  /** The text after `--- ` in the line before. */
  #oldPath: string | undefined;
  #path = "";
  #mayBeginHunk = false;
  #hunk: Hunk | undefined;

  /**
   * The places of `offsets` in the text. None is after this piece, or in an earlier piece before
   * its last newline. Undefined in lines that a diff removes or keeps.
   */
  push(piece: Uint8Array, offsets: readonly number[]): (DiffPlace | undefined)[] {
    const places: (DiffPlace | undefined)[] = [];
    for (let start = 0;;) {
      const newline = piece.indexOf(NEWLINE, start);
      const end = newline < 0 ? piece.length : newline;
      const lineStart = this.#startOfLine(piece, start, end);
      while (places.length < offsets.length && offsets[places.length] < this.#passed + end) {
        places.push(this.#place(offsets[places.length], lineStart));
      }
      if (newline < 0) {
        this.#kept = lineStart.slice();
        this.#passed += piece.length;
        return places;
      }
      this.#endLine(lineStart);
      start = newline + 1;
      this.#line++;
      this.#lineStart = this.#passed + start;
      if (this.#kept.length > 0) this.#kept = new Uint8Array();
    }
  }

  #startOfLine(piece: Uint8Array, start: number, end: number): Uint8Array {
    const kept = this.#kept;
    if (kept.length === 0) return piece.subarray(start, Math.min(end, start + KEPT_LENGTH));
    if (kept.length >= KEPT_LENGTH) return kept;
    const more = piece.subarray(start, Math.min(end, start + KEPT_LENGTH - kept.length));
    const both = new Uint8Array(kept.length + more.length);
    both.set(kept);
    both.set(more, kept.length);
    return both;
  }

  #place(offset: number, lineStart: Uint8Array): DiffPlace | undefined {
    const column = offset - this.#lineStart + 1;
    const kind = this.#hunk?.kindOf(lineStart) ?? "foreign";
    if (kind === "removed" || kind === "kept") return undefined;
    if (this.#hunk === undefined || kind !== "added") return { line: this.#line, column };
    const { line, width } = this.#hunk;
    return { path: this.#path, commit: this.#commit, line, column: column - width };
  }

  #endLine(lineStart: Uint8Array): void {
    if (this.#hunk !== undefined) {
      const kind = this.#hunk.kindOf(lineStart);
      this.#hunk.advance(kind, lineStart);
      if (kind !== "foreign") {
        if (this.#hunk.isOver) this.#hunk = undefined;
        return;
      }
      // The hunk is truncated or was not one: the rest is text.
      this.#hunk = undefined;
    }
    if (HEADER_STARTS.has(lineStart[0])) {
      this.#readHeader(new TextDecoder().decode(lineStart));
    } else {
      this.#oldPath = undefined;
      this.#mayBeginHunk &&= lineStart[0] === "\\".charCodeAt(0);
    }
  }

  #readHeader(text: string): void {
    const oldPath = this.#oldPath;
    this.#oldPath = text.startsWith("--- ") ? text.slice(4) : undefined;
    if (text.startsWith("+++ ") && oldPath !== undefined) {
      this.#path = newPath(oldPath, text.slice(4));
      this.#mayBeginHunk = true;
      return;
    }
    if (text.startsWith("@@") && this.#mayBeginHunk) {
      this.#hunk = Hunk.fromHeader(text);
      if (this.#hunk?.isOver) this.#hunk = undefined;
      return;
    }
    this.#mayBeginHunk = false;
    const commit = /^(?:commit|From) ([0-9a-f]{40}|[0-9a-f]{64})\b/.exec(text)?.[1];
    if (commit !== undefined) this.#commit = commit;
    if (/^Binary files .+ differ$|^GIT binary patch$/.test(text)) {
      if (!text.endsWith(" and /dev/null differ")) this.binaryFiles++;
    }
  }
}
