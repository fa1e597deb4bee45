/** Rows as aligned columns; control characters, which could forge a row, become question marks. */
export function columns(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/\p{Cc}/gu, "?")));
  const widths = clean[0].map((_, column) => Math.max(...clean.map((row) => row[column].length)));
  return clean
    .map((row) =>
      row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd() + "\n"
    )
    .join("");
}
