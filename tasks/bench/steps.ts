/** Operations of several requests, such as a sign-in, by clients that each wait for their answers. */
import type { LoadResult } from "./load.ts";

export interface Steps {
  /** One operation; throws if an answer is not the expected one. */
  run(): Promise<void>;
  /** Clients at the same time. */
  atATime: number;
}

export async function runSteps({ run, atATime }: Steps, seconds: number): Promise<LoadResult> {
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(Array.from({ length: atATime }, async () => {
    while (performance.now() < end) {
      const begin = performance.now();
      await run();
      times.push(performance.now() - begin);
    }
  }));
  const took = (performance.now() - start) / 1000;
  return {
    requests: times.length,
    failed: 0,
    perSecond: times.length / took,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
  };
}

/** The smallest value that `percent` of all do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)];
}
