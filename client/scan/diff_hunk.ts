/** One hunk of a diff: which of its lines are new, and where they stand in the new file. */
const [PLUS, MINUS, SPACE, BACKSLASH] = [..."+- \\"].map((mark) => mark.charCodeAt(0));

/** `note` is what diff says about the line before; `foreign` stands in no hunk. */
export type HunkLine = "added" | "gone" | "kept" | "note" | "foreign";

export class Hunk {
  /** Columns of marks before each line: one, and in git's combined diffs one for each parent. */
  readonly width: number;
  /** Of the next line, in the new file. */
  line: number;
  // Lines left: only they tell a line from a header that looks like one.
  #old: number[];
  #new: number;

  private constructor(old: number[], line: number, length: number) {
    this.width = old.length;
    this.line = line;
    this.#old = old;
    this.#new = length;
  }

  /** The hunk that begins with this line: `@@ -1,2 +1,3 @@`, `@@@ -1 -1,2 +1,3 @@@`; undefined for others. */
  static beginning(text: string): Hunk | undefined {
    const header = /^(@@+)((?: -\d+(?:,\d+)?)+) \+(\d+)(?:,(\d+))? \1/.exec(text);
    if (header === null) return undefined;
    const [, marks, parents, line, length] = header;
    const old = [...parents.matchAll(/-\d+(?:,(\d+))?/g)].map(([, count]) => Number(count ?? 1));
    if (old.length !== marks.length - 1) return undefined;
    return new Hunk(old, Number(line), Number(length ?? 1));
  }

  /** Of the next line, by how it begins. */
  kindOf(beginning: Uint8Array): HunkLine {
    if (beginning[0] === BACKSLASH) return "note";
    // diff.suppressBlankEmpty
    if (beginning.length === 0) return "kept";
    let kind: HunkLine = "kept";
    for (let column = 0; column < this.width; column++) {
      const mark = beginning[column];
      if (mark === MINUS) kind = "gone";
      else if (mark === PLUS) kind = kind === "gone" ? kind : "added";
      else if (mark !== SPACE) return "foreign";
    }
    return kind;
  }

  /** Goes on to the line after this one. */
  pass(kind: HunkLine, beginning: Uint8Array): void {
    if (kind === "note" || kind === "foreign") return;
    for (let column = 0; column < this.width; column++) {
      const mark = beginning[column] ?? SPACE;
      if (mark === (kind === "gone" ? MINUS : SPACE)) this.#old[column]--;
    }
    if (kind === "gone") return;
    this.#new--;
    this.line++;
  }

  get isOver(): boolean {
    return this.#new <= 0 && this.#old.every((left) => left <= 0);
  }
}
