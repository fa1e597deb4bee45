/** What servers keep in memory, at rest and while requests arrive. */
import { residentMegabytes } from "./process_figures.ts";

export interface MemoryUse {
  /** Megabytes, with what they share with other processes. */
  idle: number;
  peak: number;
  after: number;
}

const INTERVAL_MS = 200;

/** Follows a process from its start until it is disposed of. */
export class MemoryWatch implements Disposable {
  readonly #idle: number;
  #peak: number;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(private readonly pid: number, private readonly read = residentMegabytes) {
    this.#idle = this.#peak = read(pid);
    this.#timer = setInterval(() => this.#peak = Math.max(this.#peak, read(pid)), INTERVAL_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  use(): MemoryUse {
    const after = this.read(this.pid);
    return { idle: this.#idle, peak: Math.max(this.#peak, after), after };
  }
}
