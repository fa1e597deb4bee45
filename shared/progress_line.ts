/** Progress on a terminal: one line that is rewritten, and removed when other output follows. */
export interface ProgressLine {
  /** Replaces the line. */
  show(text: string): void;
  /** Removes the line. */
  clear(): void;
}

/** `columns` is the width of the terminal that `write` writes to. */
export function progressLine(write: (text: string) => void, columns: () => number): ProgressLine {
  let current = "";
  return {
    show(text) {
      // One column stays free: a full line would wrap.
      const line = text.slice(0, columns() - 1);
      if (line === current) return;
      current = line;
      // In one write, and in this shape: see sanitizeStyledOutput.
      write(`\r${line}\x1b[K`);
    },
    clear() {
      if (current !== "") write("\r\x1b[K");
      current = "";
    },
  };
}
