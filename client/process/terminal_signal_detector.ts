/**
 * Distinguishes signals that a terminal sends to its foreground process group from those that
 * are sent to this process only. The runtime does not know the sender, but another process in
 * the same group, the probe, gets only the former.
 */
import { withTimeout } from "../../shared/deadline.ts";

/** A signal from the terminal ends the probe within this time, also on a busy machine. */
const NOTICE_TIMEOUT_MS = 300;

/** POSIX systems only. */
export class TerminalSignalDetector {
  #probe: Deno.ChildProcess | undefined;
  #closed = false;
  #last: Promise<boolean> = Promise.resolve(false);
  /**
   * Signals a probe exited on and that no call accounts for yet: the end of a probe may be
   * noticed before the signal that this process received with it.
   */
  #notices: Deno.Signal[] = [];
  #onNotice = () => {};

  constructor() {
    this.#start();
  }

  /**
   * Whether `signal`, which this process just received, came from the terminal. True without a
   * probe: the program must not get a signal from the terminal twice.
   */
  isFromTerminal(signal: Deno.Signal): Promise<boolean> {
    // In sequence: the end of a probe accounts for one signal.
    return this.#last = this.#last.then(() => this.#wasEndedBy(signal));
  }

  async #wasEndedBy(signal: Deno.Signal): Promise<boolean> {
    if (this.#takeNotice(signal) || this.#probe === undefined) return true;
    const notice = new Promise<void>((resolve) => this.#onNotice = resolve);
    await withTimeout(notice, NOTICE_TIMEOUT_MS).catch(() => {});
    return this.#takeNotice(signal);
  }

  #takeNotice(signal: Deno.Signal): boolean {
    const index = this.#notices.indexOf(signal);
    if (index !== -1) this.#notices.splice(index, 1);
    return index !== -1;
  }

  close(): void {
    this.#closed = true;
    try {
      this.#probe?.kill("SIGKILL");
    } catch {
      // It has exited already.
    }
  }

  #start(): void {
    try {
      // It exits when this process does, which closes its standard input.
      const probe = new Deno.Command("sh", {
        args: ["-c", "ulimit -c 0; exec cat"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      this.#probe = probe;
      probe.status.then(({ signal }) => {
        this.#probe = undefined;
        if (signal !== null) this.#notices.push(signal);
        this.#onNotice();
        // If it exited without a signal, `cat` or `sh` is missing, and another attempt would fail too.
        if (signal !== null && !this.#closed) this.#start();
      });
    } catch {
      this.#probe = undefined;
    }
  }
}

/** Whether this process has a controlling terminal; `isLikely` where the system does not show it. */
export function hasControllingTerminal(isLikely: boolean): boolean {
  if (Deno.build.os !== "linux") return isLikely;
  try {
    // proc_pid_stat(5): after the name, which may hold anything, state, ppid, pgrp, session, tty_nr.
    const stat = Deno.readTextFileSync("/proc/self/stat");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4] !== "0";
  } catch {
    return isLikely;
  }
}
