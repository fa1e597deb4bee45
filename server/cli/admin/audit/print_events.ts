import { sanitizeLine } from "../../../../shared/sanitize.ts";
import { createStyle, hasStyle, type Style } from "../../../../shared/terminal_style.ts";
import { padToWidth, shortenToWidth, textWidth } from "../../../../shared/text_width.ts";
import { eventJson } from "../../../audit/event_json.ts";
import type { AuditParty, ListedAuditEvent } from "../../../audit/listed_event.ts";
import type { ServerIo } from "../../../io.ts";

type PrintIo = Pick<
  ServerIo,
  "stdout" | "stdoutIsTerminal" | "stdoutColumns" | "env" | "timeZone"
>;

interface Column {
  title: string;
  text(event: ListedAuditEvent, time: (iso: string) => string): string;
  /** Columns with a higher number are left out first on a narrow terminal. */
  priority?: number;
  /** On a terminal it is shortened to this width, unless all is shown; default: never. */
  max?: number;
  wideOnly?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "TIME", text: ({ time }, format) => format(time) },
  { title: "EVENT", text: ({ event }) => event },
  { title: "RESULT", text: ({ result }) => result, wideOnly: true },
  { title: "ACTOR", text: actor, max: 40 },
  { title: "SUBJECT", text: ({ subject }) => subjectName(subject), max: 40 },
  { title: "ADDRESS", text: ({ address }) => address ?? "-", priority: 1 },
  { title: "REQUEST", text: ({ requestId }) => requestId ?? "-", priority: 2 },
  { title: "DETAILS", text: details, wideOnly: true },
];

function actor({ actor, actingFor }: ListedAuditEvent): string {
  if (actor === null) return "-";
  return actingFor === null ? nameOf(actor) : `${nameOf(actor)} for ${nameOf(actingFor)}`;
}

export function nameOf({ id, name }: AuditParty): string {
  return name ?? id;
}

/** With what it is, unless its name says so. */
export function subjectName(subject: AuditParty | null): string {
  if (subject === null) return "-";
  const { kind, id, name } = subject;
  if (name === null) return id;
  return kind === "user" || kind === null ? name : `${kind.replace("_", " ")} ${name}`;
}

function details({ details }: ListedAuditEvent): string {
  return Object.entries(details).map(([key, value]) => `${key}=${value}`).join(" ") || "-";
}

/** Longest text of a column, in characters. */
const MAX_LENGTH = 2000;
const GAP = "  ";
/** What a name is shortened to, at least, before a column is left out. */
const MIN_NAME = 14;

/**
 * Prints events as they come: lines of JSON, tab-separated lines in a pipe, or a table on a
 * terminal, whose columns have the widths that the first events need.
 */
export class EventPrinter {
  readonly #style: Style;
  readonly #format: (iso: string) => string;
  #layout: { column: Column; width: number }[] | undefined;

  constructor(
    private readonly options: { json?: boolean; wide?: boolean },
    private readonly io: PrintIo,
  ) {
    this.#style = createStyle(hasStyle(io.stdoutIsTerminal, io.env));
    this.#format = io.stdoutIsTerminal ? localTime(io.timeZone) : (iso) => iso;
  }

  /** Returns false if nothing reads the output any more. */
  print(events: readonly ListedAuditEvent[]): boolean {
    if (events.length === 0) return true;
    const { json } = this.options;
    const lines = json
      ? events.map((event) => JSON.stringify(eventJson(event)))
      : this.io.stdoutIsTerminal
      ? this.#tableLines(events)
      : events.map((event) => COLUMNS.map((column) => this.#cell(event, column)).join("\t"));
    return this.io.stdout(lines.map((line) => `${line}\n`).join(""));
  }

  #tableLines(events: readonly ListedAuditEvent[]): string[] {
    const header: string[] = [];
    if (this.#layout === undefined) {
      this.#layout = this.#fit(events);
      header.push(
        this.#line(({ title }) => title, (text) => this.#style.bold(text)),
      );
    }
    return [
      ...header,
      ...events.map((event) => {
        const { result } = event;
        const style = this.#style;
        return this.#line((column) => this.#cell(event, column), (text, { title }) => {
          if (title !== "EVENT" || result === "ok") return text;
          return result === "failed" ? style.red(text) : style.yellow(text);
        });
      }),
    ];
  }

  #line(text: (column: Column) => string, style: (text: string, column: Column) => string): string {
    const layout = this.#layout!;
    return layout.map(({ column, width }, index) => {
      const full = text(column);
      const short = this.options.wide || column.max === undefined
        ? full
        : shortenToWidth(full, width);
      const padding = index === layout.length - 1
        ? ""
        : padToWidth(short, width).slice(short.length);
      return style(short, column) + padding;
    }).join(GAP).trimEnd();
  }

  /** Leaves out columns, and then shortens names, until a line fits. */
  #fit(events: readonly ListedAuditEvent[]): { column: Column; width: number }[] {
    const { wide = false } = this.options;
    const widthOf = (column: Column) => {
      const widest = Math.max(
        textWidth(column.title),
        ...events.map((event) => textWidth(this.#cell(event, column))),
      );
      return wide ? widest : Math.min(widest, column.max ?? widest);
    };
    let layout = COLUMNS.filter(({ wideOnly }) => wide || !wideOnly)
      .map((column) => ({ column, width: widthOf(column) }));
    if (wide) return layout;
    const available = this.io.stdoutColumns();
    const total = () =>
      layout.reduce((sum, { width }) => sum + width, GAP.length * (layout.length - 1));
    for (const priority of [2, 1]) {
      if (total() > available) {
        layout = layout.filter(({ column }) => column.priority !== priority);
      }
    }
    const names = layout.filter(({ column }) => column.max !== undefined);
    while (total() > available) {
      const widest = names.reduce((a, b) => b.width > a.width ? b : a);
      if (widest.width <= MIN_NAME) break;
      widest.width--;
    }
    return layout;
  }

  /** Sanitized, so that a value can forge neither an event nor a column. */
  #cell(event: ListedAuditEvent, column: Column): string {
    return sanitizeLine(column.text(event, this.#format), MAX_LENGTH) || "-";
  }
}

/** `2026-11-24 10:42:07` in the zone of the user. */
export function localTime(timeZone: string | undefined): (iso: string) => string {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", timeZone },
    ...{ year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  return (iso) => {
    const parts = Object.fromEntries(
      format.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]),
    );
    const { year, month, day, hour, minute, second } = parts;
    return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
  };
}
