/** Lists of every command: a table on a terminal, tab-separated lines in a pipe, or JSON. */
import type { Clock } from "./clock.ts";
import { fitColumns, type Fitting } from "./fit_columns.ts";
import { relativeTime } from "./format_time.ts";
import { formatJson, sanitizeLine } from "./sanitize.ts";
import { createStyle, hasStyle, type Style } from "./terminal_style.ts";
import { padToWidth, shortenToWidth, textWidth } from "./text_width.ts";

/** Sanitized, so that a value can forge neither a row nor a column. */
export type Cell = string | null | TimeCell | StateCell;

interface TimeCell {
  time: string | number | Date;
}

interface StateCell {
  state: string;
}

export interface Column<Row> extends Fitting {
  title: string;
  cell(row: Row): Cell;
  /** On a terminal only with --wide. */
  wideOnly?: boolean;
  /** What a terminal shows instead of null; default: `-`. */
  absent?: string;
}

export interface Table<Row> {
  columns: readonly Column<Row>[];
  /** A row as `--json` prints it. */
  toJson(row: Row): unknown;
  /** What is printed if there are no rows: a sentence, and the command that adds one. */
  empty: string;
}

export interface TableOptions {
  json?: boolean;
  /** All columns, unshortened. */
  wide?: boolean;
}

/** Where a table is printed. */
export interface TableIo {
  stdout(text: string): boolean;
  stderr(text: string): void;
  readonly stdoutIsTerminal: boolean;
  /** Width of the terminal of stdout. */
  stdoutColumns(): number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Characters of a cell on a terminal, and in a pipe, where nothing is shortened to fit. */
const MAX_LENGTH = { terminal: 1000, piped: 100_000 };
const GAP = "  ";

/** The color of each state; others have none. */
const STATE_COLORS: Readonly<Record<string, keyof Style>> = {
  active: "green",
  enabled: "green",
  "expires soon": "yellow",
  invited: "yellow",
  pending: "yellow",
  retiring: "yellow",
  disabled: "red",
  expired: "red",
  revoked: "red",
};

/** A time: relative on a terminal, else ISO 8601 in UTC. */
export function timeCell(time: TimeCell["time"] | null | undefined): Cell {
  return time === null || time === undefined ? null : { time };
}

/** The state of a row, in its color on a terminal. */
export function stateCell(state: string): Cell {
  return { state };
}

/** `state` in its color. */
export function colorState(state: string, style: Style): string {
  const color = STATE_COLORS[state];
  return color === undefined ? state : style[color](state);
}

export function printTable<Row>(
  { columns, toJson, empty }: Table<Row>,
  rows: readonly Row[],
  { json = false, wide = false }: TableOptions,
  io: TableIo,
): void {
  if (json) io.stdout(formatJson(rows.map(toJson)));
  else if (rows.length === 0) io.stderr(`${empty}\n`);
  else if (io.stdoutIsTerminal) io.stdout(formatForTerminal(columns, rows, wide, io));
  else io.stdout(formatForPrograms(columns, rows));
}

/** Every column and no header line, so that `cut -f2` and `sort` work. */
function formatForPrograms<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const text = (cell: Cell) => {
    if (cell === null) return "-";
    if (typeof cell === "string") return cell;
    return "time" in cell ? new Date(cell.time).toISOString() : cell.state;
  };
  return rows.map((row) =>
    `${
      columns.map(({ cell }) => sanitizeLine(text(cell(row)), MAX_LENGTH.piped) || "-").join("\t")
    }\n`
  ).join("");
}

function formatForTerminal<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  wide: boolean,
  { stdoutColumns, env, clock }: Pick<TableIo, "stdoutColumns" | "env" | "clock">,
): string {
  const textOf = (cell: Cell, { absent = "-" }: Column<Row>) => {
    if (cell === null) return absent;
    if (typeof cell === "string") return cell;
    return "time" in cell ? relativeTime(new Date(cell.time).getTime(), clock.now()) : cell.state;
  };
  const all = columns.filter(({ wideOnly }) => wide || !wideOnly).map((column) => {
    const cells = rows.map((row) => {
      const cell = column.cell(row);
      const text = sanitizeLine(textOf(cell, column), MAX_LENGTH.terminal) || "-";
      const state = cell !== null && typeof cell === "object" && "state" in cell ? cell.state : "";
      return { text, color: STATE_COLORS[state] };
    });
    // Not by spreading: there may be more rows than a call can have arguments.
    const width = cells.reduce(
      (widest, { text }) => Math.max(widest, textWidth(text)),
      textWidth(column.title),
    );
    return { column, cells, width };
  });
  const kept = wide ? all : fitColumns(all, stdoutColumns(), GAP.length);
  const style = createStyle(hasStyle(true, env));
  const line = (parts: string[]) => `${parts.join(GAP).trimEnd()}\n`;
  const header = kept.map(({ column, width }) =>
    padded(shortenToWidth(column.title, width), width, style.bold)
  );
  return line(header) + rows.map((_, index) =>
    line(kept.map(({ cells, width }) => {
      const { text, color } = cells[index];
      return padded(shortenToWidth(text, width), width, color && style[color]);
    }))
  ).join("");
}

/** The spaces have no style, so that a line can be trimmed. */
function padded(text: string, width: number, style = (text: string) => text): string {
  return style(text) + padToWidth(text, width).slice(text.length);
}
