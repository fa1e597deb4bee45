// deno-lint-ignore-file no-console -- a task prints to its terminal
/** Prints a line for a step of the check, and throws what it throws. */
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
