import { sanitizeLine } from "../../shared/sanitize.ts";

/** Rows as columns of equal width, each cell sanitized. Every row has as many cells as the first. */
export function columns(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => sanitizeLine(cell)));
  const widths = clean[0].map((_, column) => Math.max(...clean.map((row) => row[column].length)));
  return clean.map((row) =>
    `${row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()}\n`
  ).join("");
}
