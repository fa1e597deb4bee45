/**
 * Tells the signals that a terminal's keys send to all of its foreground process group
 * from those that somebody sends to this process only. The runtime does not say who
 * sent a signal, but another process in the same group gets the one kind, and not the
 * other.
 */
import { withTimeout } from "../../shared/deadline.ts";

/** How long a signal from the keys may take to end the witness, in ms. */
const NOTICE_MS = 150;

/** Runs beside a program in the foreground. POSIX systems only. */
export class KeyboardWitness {
  #witness: Deno.ChildProcess | undefined;
  #closed = false;
  #last: Promise<boolean> = Promise.resolve(false);

  constructor() {
    this.#start();
  }

  /**
   * Whether `signal`, which has just reached this process, came from the keys. Without a
   * witness it is taken to have: those whom the keys address should get it once.
   */
  saw(signal: Deno.Signal): Promise<boolean> {
    // One after the other: what ends a witness accounts for one signal.
    return this.#last = this.#last.then(() => this.#endedBy(signal));
  }

  async #endedBy(signal: Deno.Signal): Promise<boolean> {
    const witness = this.#witness;
    if (witness === undefined) return true;
    const ended = await withTimeout(witness.status, NOTICE_MS).catch(() => undefined);
    return ended?.signal === signal;
  }

  close(): void {
    this.#closed = true;
    try {
      this.#witness?.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  #start(): void {
    try {
      // It does nothing, and ends with us however we end, since nobody else holds its input.
      const witness = new Deno.Command("sh", {
        args: ["-c", "ulimit -c 0; exec cat"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      this.#witness = witness;
      witness.status.then(({ signal }) => {
        this.#witness = undefined;
        // Ended otherwise, there is no such program here, and there would not be next time.
        if (signal !== null && !this.#closed) this.#start();
      });
    } catch {
      this.#witness = undefined;
    }
  }
}

/**
 * Whether this process has a controlling terminal, whose keys could send it a signal.
 * `isLikely` is the answer where the system does not tell.
 */
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
