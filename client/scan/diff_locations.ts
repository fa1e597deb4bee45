/** Places in a text that arrives in pieces and may hold diffs: `git diff`, `git log -p`, `git format-patch`. */
import { Hunk } from "./diff_hunk.ts";
import { newPath } from "./diff_path.ts";
import type { Place } from "./line_index.ts";

const NEWLINE = 10;
/** Of a line this much is kept for the next piece, in bytes: enough for any header. */
const KEPT_LENGTH = 16_384;
/** How the lines begin that say where a diff's lines belong. */
const HEADER_STARTS = new Set([..."-+@dcFBG"].map((mark) => mark.charCodeAt(0)));

/** In a file that a diff changes if `path` is given, else in the text itself. */
export interface DiffPlace extends Place {
  path?: string;
  /** The full id of the commit that the diff is of, where the text says so. */
  commit?: string;
}

/** One text. Places are asked for in rising order. */
export class DiffPlaces {
  /** A whole diff may be UTF-16, piped by PowerShell. */
  readonly countsZeros = false;
  /** Files whose content git does not show. */
  binaryFiles = 0;
  #line = 1;
  #lineStart = 0;
  #passed = 0;
  /** How the line began that has no end yet. */
  #kept: Uint8Array = new Uint8Array();
  #commit: string | undefined;
  /** What stood after `--- ` in the line before. */
  #oldPath: string | undefined;
  #path = "";
  #mayBeginHunk = false;
  #hunk: Hunk | undefined;

  /**
   * The places of `offsets`, counted from the text's beginning, of which none is
   * after this piece; what stands before it must have no newline since.
   * Undefined where a diff takes something away, or only shows it.
   */
  push(piece: Uint8Array, offsets: readonly number[]): (DiffPlace | undefined)[] {
    const places: (DiffPlace | undefined)[] = [];
    for (let start = 0;;) {
      const newline = piece.indexOf(NEWLINE, start);
      const end = newline < 0 ? piece.length : newline;
      const beginning = this.#beginning(piece, start, end);
      while (places.length < offsets.length && offsets[places.length] < this.#passed + end) {
        places.push(this.#place(offsets[places.length], beginning));
      }
      if (newline < 0) {
        this.#kept = beginning.slice();
        this.#passed += piece.length;
        return places;
      }
      this.#endLine(beginning);
      start = newline + 1;
      this.#line++;
      this.#lineStart = this.#passed + start;
      if (this.#kept.length > 0) this.#kept = new Uint8Array();
    }
  }

  #beginning(piece: Uint8Array, start: number, end: number): Uint8Array {
    const kept = this.#kept;
    if (kept.length === 0) return piece.subarray(start, Math.min(end, start + KEPT_LENGTH));
    if (kept.length >= KEPT_LENGTH) return kept;
    const more = piece.subarray(start, Math.min(end, start + KEPT_LENGTH - kept.length));
    const both = new Uint8Array(kept.length + more.length);
    both.set(kept);
    both.set(more, kept.length);
    return both;
  }

  #place(offset: number, beginning: Uint8Array): DiffPlace | undefined {
    const column = offset - this.#lineStart + 1;
    const kind = this.#hunk?.kindOf(beginning) ?? "foreign";
    if (kind === "gone" || kind === "kept") return undefined;
    if (this.#hunk === undefined || kind !== "added") return { line: this.#line, column };
    const { line, width } = this.#hunk;
    return { path: this.#path, commit: this.#commit, line, column: column - width };
  }

  #endLine(beginning: Uint8Array): void {
    if (this.#hunk !== undefined) {
      const kind = this.#hunk.kindOf(beginning);
      this.#hunk.pass(kind, beginning);
      if (kind !== "foreign") {
        if (this.#hunk.isOver) this.#hunk = undefined;
        return;
      }
      // It was cut off, or is none: what follows is looked at as any text.
      this.#hunk = undefined;
    }
    if (HEADER_STARTS.has(beginning[0])) {
      this.#readHeader(new TextDecoder().decode(beginning));
    } else {
      this.#oldPath = undefined;
      this.#mayBeginHunk &&= beginning[0] === "\\".charCodeAt(0);
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
      this.#hunk = Hunk.beginning(text);
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
