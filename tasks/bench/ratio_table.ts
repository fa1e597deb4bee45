/** The operations of all servers in one table: the rate of this program, and its ratio to the others. */
import { OPERATIONS } from "./contender.ts";
import type { OperationRow } from "./operation_rows.ts";

/** Above 10, a ratio has no decimals. */
function format(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio >= 1 ? 1 : 2);
}

function rate(row: OperationRow | undefined): string {
  return row === undefined ? "" : row.perSecond.toFixed(row.perSecond < 10 ? 1 : 0);
}

/** A server without an operation has an empty cell. */
export function ratioTable(
  rows: readonly OperationRow[],
  own: string,
  value: (row: OperationRow) => number | undefined,
): string[][] {
  const others = [...new Set(rows.map(({ server }) => server))].filter((server) => server !== own);
  const find = (operation: string, server: string) =>
    rows.find((row) => row.operation === operation && row.server === server);
  return [
    ["operation", `${own}, per s`, ...others],
    ...OPERATIONS.filter((operation) => rows.some((row) => row.operation === operation))
      .map((operation) => [
        operation,
        rate(find(operation, own)),
        ...others.map((server) => {
          const row = find(operation, server);
          const ratio = row && value(row);
          return ratio === undefined ? "" : format(ratio);
        }),
      ]),
  ];
}
