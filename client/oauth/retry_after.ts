/** Servers that ask to wait (RFC 9110 section 10.2.3, RFC 6585 section 4). */
import type { ClientIo } from "../io.ts";
import { formatDuration } from "../output.ts";

/** How long a command waits for one response in total, so that a script is never held up for long. */
export const PATIENCE_MS = 10_000;
/** Requests after the first. */
const MAX_RETRIES = 2;
/** Clients that were sent away together do not come back together. */
const JITTER_MS = 500;

interface Answer {
  status: number;
  retryAfter: number | undefined;
}

/**
 * Sends a request again as soon as the server allows, if that is soon enough; otherwise returns its
 * answer, with which the command fails and says when to try again. Only for requests of which a
 * repetition does no harm. Without Retry-After nothing is known, so nothing is repeated.
 */
export async function withRetryAfter<R extends Answer>(
  send: () => Promise<R>,
  io: Pick<ClientIo, "sleep" | "signal">,
  patienceMs = PATIENCE_MS,
): Promise<R> {
  let leftMs = patienceMs;
  for (let retries = 0;; retries++) {
    const answer = await send();
    if (!asksToWait(answer) || retries === MAX_RETRIES) return answer;
    const waitMs = answer.retryAfter! * 1000;
    if (waitMs > leftMs) return answer;
    leftMs -= waitMs;
    await io.sleep(waitMs + Math.random() * JITTER_MS, io.signal);
  }
}

function asksToWait({ status, retryAfter }: Answer): boolean {
  return (status === 429 || status === 503) && retryAfter !== undefined;
}

/** The next step, a sentence: when the server said, or later. */
export function tryAgain(retryAfter: number | undefined): string {
  return retryAfter === undefined || retryAfter === 0
    ? "Try again later."
    : `Try again in ${formatDuration(retryAfter * 1000)}.`;
}
