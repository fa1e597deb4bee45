/** Runs batches of generated values until there are enough, and reports the first that fails. */
import fc from "fast-check";

class Enough extends Error {}

/**
 * Calls `run` with one batch after the other, the same ones for the same seed, until it returns
 * "enough". What it throws is reported with the seed and the number of the batch. The values are
 * not: those that break programs, such as arrays in arrays in arrays, break what prints them too.
 */
export async function runBatches<T>(
  values: fc.Arbitrary<T>,
  { size, seed }: { size: number; seed: number },
  run: (batch: T[]) => Promise<"more" | "enough">,
): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(values, { minLength: size, maxLength: size }),
    async (batch) => {
      if (await run(batch) === "enough") throw new Enough();
    },
  );
  // `fc.assert` would print the batch.
  const { errorInstance: error, numRuns } = await fc.check(property, {
    seed,
    numRuns: 1e9,
    endOnFailure: true,
  });
  if (error instanceof Enough) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(`seed ${seed}, batch ${numRuns}: ${reason}`, { cause: error });
}
