/** Counts of long lists stop here: to count millions of rows takes seconds. One more means "more". */
export const MAX_COUNTED = 10_000;

/** For a sentence: `312`, or `more than 10,000`. */
export function formatBoundedCount(count: number): string {
  return count > MAX_COUNTED ? `more than ${MAX_COUNTED.toLocaleString("en")}` : String(count);
}

/** `1 token`, `2 tokens` or `more than 10,000 tokens`. */
export function formatCount(count: number, noun: string): string {
  return `${formatBoundedCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
