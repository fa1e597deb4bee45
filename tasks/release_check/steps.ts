// deno-lint-ignore-file no-console -- a task prints to its terminal
/** The lines that the check prints, one for each step. */
export type Step = <T>(name: string, run: () => Promise<T>) => Promise<T>;

/** Throws what the step throws, after its line. */
export async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    const result = await run();
    console.log(`ok      ${name} (${seconds()})`);
    return result;
  } catch (error) {
    console.log(`FAILED  ${name} (${seconds()})`);
    throw error;
  }
}
