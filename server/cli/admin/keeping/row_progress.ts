import { type ProgressLine, progressLine } from "../../../../shared/progress_line.ts";
import type { ServerIo } from "../../../io.ts";

/** How often it is written, in ms. */
const PROGRESS_MS = 500;

/** Progress in rows, as a line on a terminal that is rewritten. */
export function rowProgress(
  text: string,
  io: Pick<ServerIo, "stderr" | "stderrColumns" | "stderrIsLive">,
): { show(rows: number, total: number): void; clear(): void } {
  const line: ProgressLine | undefined = io.stderrIsLive
    ? progressLine(io.stderr, io.stderrColumns)
    : undefined;
  let shownAt = 0;
  return {
    show(rows, total) {
      if (performance.now() - shownAt < PROGRESS_MS) return;
      shownAt = performance.now();
      line?.show(text, `${rows} of ${total} rows`);
    },
    clear: () => line?.clear(),
  };
}
