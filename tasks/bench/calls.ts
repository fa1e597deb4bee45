/** Runs a function as often as it can. */

/** `atATime` loops call it, each when its call before is done. Throws if a call does. */
export async function callsPerSecond(
  call: () => Promise<void>,
  { atATime, seconds }: { atATime: number; seconds: number },
): Promise<number> {
  let calls = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(Array.from({ length: atATime }, async () => {
    while (performance.now() < end) {
      await call();
      calls++;
    }
  }));
  return calls * 1000 / (performance.now() - start);
}
