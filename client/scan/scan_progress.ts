/** What a scan that takes long shows on a terminal. */
import { progressLine } from "../../shared/progress_line.ts";
import type { ClientIo } from "../io.ts";
import { isLiveTerminal } from "../output.ts";

/** A scan that is done by then shows nothing. */
const FIRST_AFTER_MS = 300;
const INTERVAL_MS = 100;

export interface ScanProgress {
  /** Another file, or more bytes of the same. */
  add(amount: { files?: number; bytes?: number }): void;
  /** Removes the line. */
  clear(): void;
}

type ProgressIo = Pick<
  ClientIo,
  "stderr" | "stderrIsTerminal" | "stderrColumns" | "env" | "clock"
>;

/** `total` is the number of files, if it is known. */
export function scanProgress(io: ProgressIo, total?: number): ScanProgress {
  if (!isLiveTerminal(io)) return { add: () => {}, clear: () => {} };
  const line = progressLine(io.stderr, io.stderrColumns);
  let files = 0;
  let bytes = 0;
  let next = io.clock.now() + FIRST_AFTER_MS;
  return {
    add(amount) {
      files += amount.files ?? 0;
      bytes += amount.bytes ?? 0;
      const now = io.clock.now();
      if (now < next) return;
      next = now + INTERVAL_MS;
      const count = total === undefined ? `${files}` : `${files} of ${total}`;
      line.show(
        "Scanning…",
        [
          ...files > 0 ? [`${count} ${files === 1 && total === undefined ? "file" : "files"}`] : [],
          ...bytes > 0 ? [formatSize(bytes)] : [],
        ].join(", "),
      );
    },
    clear: line.clear,
  };
}

/** `12 kB`, `3.4 MB`, `1.2 GB`. */
function formatSize(bytes: number): string {
  const units = ["kB", "MB", "GB", "TB"];
  let size = bytes / 1000;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${size < 100 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
