/** Progress on a terminal: one line that is rewritten, and removed when other output follows. */
import { shortenToWidth, textWidth } from "./text_width.ts";

export interface ProgressLine {
  /** Replaces the line. On a narrow terminal `text` is shortened, `amount` is not. */
  show(text: string, amount?: string): void;
  /** Removes the line. */
  clear(): void;
}

/** `columns` is the width of the terminal that `write` writes to. */
export function progressLine(write: (text: string) => void, columns: () => number): ProgressLine {
  let current = "";
  return {
    show(text, amount = "") {
      const end = amount === "" ? "" : ` ${amount}`;
      // Room for the `^C` that the terminal adds: a line that wraps cannot be rewritten.
      const room = columns() - 3;
      const start = shortenToWidth(text, Math.max(0, room - textWidth(end)));
      const line = shortenToWidth(`${start}${end}`, room);
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
