import { sanitizeLine } from "../../../shared/sanitize.ts";

/** Text of others (names, user agents) as it may be shown: short, in one line, in its own direction. */
export function UntrustedText({ text, max = 80 }: { text: string; max?: number }) {
  return <bdi>{sanitizeLine(text, max)}</bdi>;
}
