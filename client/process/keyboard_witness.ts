/**
 * Distinguishes signals that a terminal sends to its foreground process group from those that
 * are sent to this process only. The runtime does not know the sender, but another process in
 * the same group, the witness, gets only the former.
 */
import { withTimeout } from "../../shared/deadline.ts";

/** A signal from the keyboard ends the witness within this time, also on a busy machine. */
const NOTICE_MS = 300;

/** POSIX systems only. */
export class KeyboardWitness {
  #witness: Deno.ChildProcess | undefined;
  #closed = false;
  #last: Promise<boolean> = Promise.resolve(false);

  constructor() {
    this.#start();
  }

  /**
   * Whether `signal`, which this process just received, came from the keyboard. True without a
   * witness: the program must not get a signal from the keyboard twice.
   */
  saw(signal: Deno.Signal): Promise<boolean> {
    // In sequence: the end of a witness accounts for one signal.
    return this.#last = this.#last.then(() => this.#endedBy(signal));
  }

  async #endedBy(signal: Deno.Signal): Promise<boolean> {
    const witness = this.#witness;
    if (witness === undefined) return true;
    const status = await withTimeout(witness.status, NOTICE_MS).catch(() => undefined);
    return status?.signal === signal;
  }

  close(): void {
    this.#closed = true;
    try {
      this.#witness?.kill("SIGKILL");
    } catch {
      // It has exited already.
    }
  }

  #start(): void {
    try {
      // It exits when this process does, which closes its standard input.
      const witness = new Deno.Command("sh", {
        args: ["-c", "ulimit -c 0; exec cat"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      this.#witness = witness;
      witness.status.then(({ signal }) => {
        this.#witness = undefined;
        // If it exited without a signal, `cat` or `sh` is missing, and another attempt would fail too.
        if (signal !== null && !this.#closed) this.#start();
      });
    } catch {
      this.#witness = undefined;
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
