import { pause } from "../../shared/deadline.ts";

/** Rows that one statement of housekeeping changes at most, so that none takes long. */
export const BATCH_SIZE = 1000;
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1000;

/**
 * Calls `runBatch` until it changes fewer rows than it may, or `signal` is aborted. Pauses for as
 * long as a batch took, so that housekeeping uses at most half of one connection's time. Returns the
 * number of rows.
 */
export async function runInBatches(
  runBatch: (limit: number) => Promise<number>,
  signal: AbortSignal,
): Promise<number> {
  for (let total = 0;;) {
    if (signal.aborted) return total;
    const startedAt = performance.now();
    const rows = await runBatch(BATCH_SIZE);
    total += rows;
    if (rows < BATCH_SIZE) return total;
    const took = performance.now() - startedAt;
    await pause(Math.min(Math.max(took, MIN_PAUSE_MS), MAX_PAUSE_MS), signal);
  }
}
