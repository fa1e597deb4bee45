/** What a start shows on standard error while it works. */
import type { ServerIo } from "../io.ts";
import type { StartProgress } from "../start_progress.ts";
import { progressLine } from "../../shared/progress_line.ts";

export interface StartDisplay {
  /** Prints text in place of the progress line. */
  print(text: string): void;
  onProgress(progress: StartProgress): void;
}

const PREPARING = "Preparing the database (first start only)…";

/**
 * Names each step that changes the database. On a terminal, the steps of a new database share one
 * line; the migrations of an existing one stay visible.
 */
export function startDisplay(
  io: Pick<ServerIo, "stderr" | "stderrIsLive" | "stderrColumns">,
): StartDisplay {
  const line = progressLine(io.stderr, io.stderrColumns);
  let announced = false;
  const print = (text: string) => {
    line.clear();
    if (text !== "") io.stderr(text);
  };
  const preparing = (detail: string) => {
    if (io.stderrIsLive) return line.show(PREPARING, detail);
    if (!announced) io.stderr(`${PREPARING}\n`);
    announced = true;
  };
  return {
    print,
    onProgress(progress) {
      if (progress.stage === "creating_database") {
        preparing(`${Math.floor(100 * progress.fraction)} %`);
      } else if (progress.isNewDatabase && io.stderrIsLive) {
        preparing(progress.name);
      } else {
        print(`Applying migration ${progress.name}…\n`);
      }
    },
  };
}
