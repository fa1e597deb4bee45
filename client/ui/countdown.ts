/** The line that says what is being waited for, and how long there is. */
import type { ClientIo } from "../io.ts";
import { isLiveTerminal, styleFor } from "../output.ts";

const TICK_MS = 1000;

export interface WaitingLine {
  /** Passes `ms` milliseconds; on a terminal the line counts down meanwhile. */
  wait(ms: number): Promise<void>;
  /** Takes the line away. */
  clear(): void;
}

/**
 * One line on stderr, rewritten each second on a terminal; elsewhere it is
 * said once. The cursor is never hidden, so nothing needs mending when we are
 * killed. `expiresAt` is in ms since the epoch.
 */
export function startCountdown(expiresAt: number, io: ClientIo): WaitingLine {
  if (!isLiveTerminal(io)) {
    io.stderr(`Waiting for approval; the code expires in ${minutes(expiresAt, io)}.\n`);
    return { wait: (ms) => io.sleep(ms, io.signal), clear: () => {} };
  }
  const style = styleFor(io);
  const draw = () => {
    const text = `Waiting for approval, ${countdown(expiresAt - io.clock.now())} left ` +
      `(Ctrl-C to stop)`;
    // One column stays free: a full line would wrap and could not be rewritten.
    io.stderr(`\r${style.faint(text.slice(0, io.stderrColumns() - 1))}\x1b[K`);
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

/** `14:59`, as clocks count down. */
function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function minutes(expiresAt: number, io: ClientIo): string {
  return `${Math.max(1, Math.round((expiresAt - io.clock.now()) / 60_000))} min`;
}
