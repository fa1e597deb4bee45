/** The line with the remaining time for an approval. */
import type { ClientIo } from "../io.ts";
import { isLiveTerminal, styleFor } from "../output.ts";

const TICK_MS = 1000;

export interface Countdown {
  /** Waits; on a terminal, the line counts down. */
  wait(ms: number): Promise<void>;
  clear(): void;
}

/**
 * One line on stderr, updated every second on a terminal, and printed once elsewhere. The cursor
 * is never hidden, so there is nothing to restore if the process is killed. `expiresAt` is in ms
 * since the epoch.
 */
export function startCountdown(
  expiresAt: number,
  io: ClientIo,
  { waitsFor = "approval", expires = "the code expires", keys = "Ctrl-C to stop" }: {
    waitsFor?: string;
    /** What happens at the end. */
    expires?: string;
    keys?: string;
  } = {},
): Countdown {
  if (!isLiveTerminal(io)) {
    io.stderr(`Waiting for ${waitsFor}; ${expires} in ${minutes(expiresAt, io)}.\n`);
    return { wait: (ms) => io.sleep(ms, io.signal), clear: () => {} };
  }
  const style = styleFor(io);
  const draw = () => {
    const text = `Waiting for ${waitsFor}, ${countdown(expiresAt - io.clock.now())} left`;
    // Room for the `^C` that the terminal adds: a line that wraps cannot be rewritten.
    const columns = io.stderrColumns() - 3;
    const hint = ` (${keys})`;
    const line = text.length + hint.length <= columns ? text + hint : text.slice(0, columns);
    io.stderr(`\r${style.faint(line)}\x1b[K`);
  };
  draw();
  return {
    async wait(ms) {
      for (let left = ms; left > 0; left -= TICK_MS) {
        await io.sleep(Math.min(TICK_MS, left), io.signal);
        draw();
      }
    },
    clear: () => io.stderr("\r\x1b[K"),
  };
}

/** `14:59`. */
function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function minutes(expiresAt: number, io: Pick<ClientIo, "clock">): string {
  return `${Math.max(1, Math.round((expiresAt - io.clock.now()) / 60_000))} min`;
}
