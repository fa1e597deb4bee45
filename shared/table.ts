import { sanitizeLine } from "./sanitize.ts";

/** Longest cell, in characters: the conditions of a trust rule are the longest. */
const MAX_CELL_LENGTH = 1000;

/**
 * Rows as aligned columns, one line per row; every row has as many cells as the first. Cells are
 * sanitized, so that none can forge a row or a column.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => sanitizeLine(cell, MAX_CELL_LENGTH)));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells.map((row) =>
    `${row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()}\n`
  ).join("");
}
