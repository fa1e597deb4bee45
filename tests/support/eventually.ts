/**
 * Asks `look` again and again until it gives something that is not false or
 * undefined, and gives that. Throws, with what was waited for, after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  timeoutMs = 60_000,
): Promise<T> {
  for (const end = performance.now() + timeoutMs;;) {
    const value = await look();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > end) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
