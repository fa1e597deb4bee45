/** Divides the time that all checks together may take. */
export interface TimeLimit {
  /** For the next step: at most `STEP_MS`, less if little is left. */
  nextMs(): number;
}

const TOTAL_MS = 12_000;
const STEP_MS = 4_000;
const SHORTEST_MS = 250;

export function timeLimit(now: () => number = () => performance.now()): TimeLimit {
  const end = now() + TOTAL_MS;
  return { nextMs: () => Math.max(SHORTEST_MS, Math.min(STEP_MS, Math.floor(end - now()))) };
}
