import type { Area } from "../../../shared/finding.ts";
import { type DoctorDeps, type Examination, startExamination } from "./examine.ts";

/** What a brief examination found, and when it started. */
export interface Examined {
  areas: Area[];
  at: Date;
}

/** For this time, everyone who asks gets the same result. */
const REUSED_MS = 10_000;

/**
 * A brief examination for all who ask, one at a time: however often a page is reloaded, the database
 * does the work once in ten seconds, and not again before it has finished.
 */
export class SharedExamination {
  #last?: { areas: Promise<Area[]>; at: Date; isRunning: boolean };

  constructor(
    private readonly deps: DoctorDeps,
    private readonly start: (deps: DoctorDeps, extent: { brief: true }) => Examination =
      startExamination,
  ) {}

  async examine(): Promise<Examined> {
    const last = this.#last;
    const examined = last !== undefined && (last.isRunning || this.#isRecent(last.at))
      ? last
      : this.#begin();
    return { areas: await examined.areas, at: examined.at };
  }

  #begin() {
    const { areas, finished } = this.start(this.deps, { brief: true });
    const begun = { areas, at: new Date(this.deps.clock.now()), isRunning: true };
    void finished.then(() => begun.isRunning = false);
    this.#last = begun;
    return begun;
  }

  #isRecent(at: Date): boolean {
    const age = this.deps.clock.now() - at.getTime();
    // The clock may have been set back.
    return age >= 0 && age < REUSED_MS;
  }
}
