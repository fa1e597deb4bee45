import { formatBoundedCount } from "../../../shared/bounded_count.ts";

/** "1 token", "2 tokens", "more than 10,000 tokens". */
export function formatCount(count: number, noun: string): string {
  return `${formatBoundedCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
