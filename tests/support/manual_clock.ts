import type { Clock } from "../../shared/clock.ts";

/** A clock that stands still until a test moves it. Times in milliseconds since 1970. */
export interface ManualClock extends Clock {
  set(time: number): void;
  advance(change: { days?: number; hours?: number; minutes?: number; seconds?: number }): void;
}

export function manualClock(start: number = Date.UTC(2026, 10, 24, 10, 0, 0)): ManualClock {
  let time = start;
  return {
    now: () => time,
    set: (to) => void (time = to),
    advance({ days = 0, hours = 0, minutes = 0, seconds = 0 }) {
      time += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    },
  };
}
