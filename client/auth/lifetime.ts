/** `--lifetime`: how long a requested token is valid at most. */
import { parseDurationSeconds } from "../../shared/duration.ts";
import { valueText } from "../../shared/list_text.ts";
import { ClientError } from "../errors.ts";

/** In seconds. Throws ClientError. */
export function parseLifetime(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new ClientError(
    "invalid_option",
    `--lifetime ${valueText(text)} is not a valid duration. Examples: 15m, 1h, 12h.`,
  );
}
