import { sanitizeLine } from "../../shared/sanitize.ts";

/** Longest cell, in characters: a rule's conditions are the longest that a table shows. */
const MAX_CELL_LENGTH = 1000;

/** Rows as aligned columns. Cells are sanitized: none can forge a row or a column. */
export function columns(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => sanitizeLine(cell, MAX_CELL_LENGTH)));
  const widths = clean[0].map((_, column) => Math.max(...clean.map((row) => row[column].length)));
  return clean
    .map((row) =>
      row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd() + "\n"
    )
    .join("");
}
