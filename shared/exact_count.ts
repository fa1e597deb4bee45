/** `1 token` or `20000 tokens`, for numbers that were not bounded: see bounded_count.ts. */
export function formatExactCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
