import { sanitizeLine } from "../../shared/sanitize.ts";

/** What an error response says, in one line; undefined if it says nothing that can be shown. */
export function errorMessage(body: Record<string, unknown> | undefined): string | undefined {
  return firstText(body?.error_description, body?.error);
}

/** The first of `values` that is text of which something is left when it is sanitized. */
export function firstText(...values: unknown[]): string | undefined {
  return values.map((value) => typeof value === "string" ? sanitizeLine(value, 500).trim() : "")
    .find((text) => text !== "");
}
