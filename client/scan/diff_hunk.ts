/** A hunk of a diff: which of its lines are new, and their numbers in the new file. */
const [PLUS, MINUS, SPACE, BACKSLASH] = [..."+- \\"].map((mark) => mark.charCodeAt(0));

/** `note` is a remark about the line before; `foreign` is outside any hunk. */
export type HunkLine = "added" | "removed" | "kept" | "note" | "foreign";

export class Hunk {
  /** Columns of marks before each line: one, or one per parent in combined diffs of git. */
  readonly width: number;
  /** The number of the next line in the new file. */
  line: number;
  // The remaining lines distinguish a line from a header that looks like one.
  #old: number[];
  #new: number;

  private constructor(old: number[], line: number, length: number) {
    this.width = old.length;
    this.line = line;
    this.#old = old;
    this.#new = length;
  }

  /** The hunk of a header such as `@@ -1,2 +1,3 @@` or `@@@ -1 -1,2 +1,3 @@@`; undefined for other lines. */
  static fromHeader(text: string): Hunk | undefined {
    const header = /^(@@+)((?: -\d+(?:,\d+)?)+) \+(\d+)(?:,(\d+))? \1/.exec(text);
    if (header === null) return undefined;
    const [, marks, parents, line, length] = header;
    const old = [...parents.matchAll(/-\d+(?:,(\d+))?/g)].map(([, count]) => Number(count ?? 1));
    if (old.length !== marks.length - 1) return undefined;
    return new Hunk(old, Number(line), Number(length ?? 1));
  }

  /** `start` is the start of the next line. */
  kindOf(start: Uint8Array): HunkLine {
    if (start[0] === BACKSLASH) return "note";
    // diff.suppressBlankEmpty
    if (start.length === 0) return "kept";
    let kind: HunkLine = "kept";
    for (let column = 0; column < this.width; column++) {
      const mark = start[column];
      if (mark === MINUS) kind = "removed";
      else if (mark === PLUS) kind = kind === "removed" ? kind : "added";
      else if (mark !== SPACE) return "foreign";
    }
    return kind;
  }

  advance(kind: HunkLine, start: Uint8Array): void {
    if (kind === "note" || kind === "foreign") return;
    for (let column = 0; column < this.width; column++) {
      const mark = start[column] ?? SPACE;
      if (mark === (kind === "removed" ? MINUS : SPACE)) this.#old[column]--;
    }
    if (kind === "removed") return;
    this.#new--;
    this.line++;
  }

  get isOver(): boolean {
    return this.#new <= 0 && this.#old.every((count) => count <= 0);
  }
}
