/** A table as `deno fmt` writes it. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row: readonly string[], fill = " ") =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column], fill)).join(" | ")} |\n`;
  const [head, ...body] = cells;
  return [line(head), line(head.map(() => ""), "-"), ...body.map((row) => line(row))].join("");
}
