import type { Child } from "hono/jsx";

/** A state in one or two words. Its color only repeats what it says. */
export function Badge(
  { tone, children }: { tone: "good" | "warning" | "bad" | "neutral"; children: Child },
) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
