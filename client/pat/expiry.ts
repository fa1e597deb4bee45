/** `--expires` of a personal access token. */
import { valueText } from "../../shared/list_text.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Clock } from "../../shared/clock.ts";
import { endOfDay, EXPIRY_EXAMPLES, parseExpiry } from "../../shared/expiry.ts";
import { ClientError } from "../errors.ts";
import { LifetimeTooLongError } from "./management_api.ts";

/**
 * The lifetime in seconds; null: never; undefined: the server's default.
 * Throws ClientError (usage).
 */
export function parseLifetime(text: string | undefined, clock: Clock): number | null | undefined {
  if (text === undefined) return undefined;
  const now = clock.now();
  const expiry = parseExpiry(text, now);
  if (expiry === undefined) {
    throw new ClientError(
      "invalid_option",
      `--expires ${
        valueText(sanitizeLine(text))
      } is not a duration or a date in the future. Examples: ${EXPIRY_EXAMPLES}.`,
    );
  }
  return expiry === null ? null : Math.floor((expiry - now) / 1000);
}

/**
 * Creates a token that expires as `--expires` says. A date means its last second, which on the
 * last date that the server allows may be too late: then the token expires earlier that day.
 */
export async function createWithExpiry<T>(
  text: string | undefined,
  create: (seconds: number | null | undefined) => Promise<T>,
  clock: Clock,
): Promise<T> {
  try {
    return await create(parseLifetime(text, clock));
  } catch (error) {
    if (!(error instanceof LifetimeTooLongError)) throw error;
    const end = endOfDay(text ?? "");
    const latest = new Date(clock.now() + error.maxSeconds * 1000);
    const isThatDay = end !== undefined && new Date(end).toDateString() === latest.toDateString();
    if (!isThatDay) throw error;
    return await create(error.maxSeconds);
  }
}
