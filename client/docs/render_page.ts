/** A page of the documentation as lines for a terminal. */
import type { Style } from "../../shared/terminal_style.ts";
import { wrapWords } from "../../shared/wrap_text.ts";

/** Longer lines are hard to read. */
const MAX_WIDTH = 100;

/** In place of a bar that does not separate cells. */
const ESCAPED_BAR = "\u0000";

const LIST_ITEM = /^( *)([-*]|\d+\.) (.*)$/;

export function renderPage(markdown: string, columns: number, { bold, faint }: Style): string {
  const width = Math.min(columns, MAX_WIDTH);
  const lines = markdown.split("\n");
  const output: string[] = [];
  const gap = () => {
    if (output.length > 0 && output.at(-1) !== "") output.push("");
  };
  let index = 0;
  /** The lines from here on while they belong to the same block. */
  const take = (belongs: (line: string) => boolean): string[] => {
    const start = index;
    while (index < lines.length && belongs(lines[index])) index++;
    return lines.slice(start, index);
  };
  while (index < lines.length) {
    const line = lines[index];
    if (line.trim() === "") {
      index++;
      gap();
    } else if (line.trimStart().startsWith("<!--")) {
      index++;
    } else if (line.trimStart().startsWith("```")) {
      const isConsole = line.trimStart().startsWith("```console");
      const styleCode = (code: string) =>
        isConsole && /^\$ /.test(code)
          ? bold(code)
          : /^ *(?:#|\/\/|--) /.test(code)
          ? faint(code)
          : code;
      index++;
      for (const code of take((next) => !next.trimStart().startsWith("```"))) {
        output.push(code === "" ? "" : `    ${styleCode(code)}`);
      }
      index++;
    } else if (/^#+ /.test(line)) {
      index++;
      gap();
      const text = plainInline(line.replace(/^#+ /, ""));
      const title = line.startsWith("# ") ? text.toUpperCase() : text;
      output.push(...wrapWords(title, width).map(bold));
    } else if (line.startsWith("|")) {
      output.push(...renderTable(take((next) => next.startsWith("|")), width, bold));
    } else if (LIST_ITEM.test(line)) {
      index++;
      const [, indent, mark, first] = LIST_ITEM.exec(line)!;
      const rest = take((next) => isText(next) && next.startsWith(" "));
      const hanging = " ".repeat(indent.length + mark.length + 1);
      const text = plainInline([first, ...rest.map((part) => part.trim())].join(" "));
      const wrapped = wrapWords(text, width - hanging.length);
      output.push(...wrapped.map((part, n) => (n === 0 ? `${indent}${mark} ` : hanging) + part));
    } else {
      const indent = /^ */.exec(line)![0];
      index++;
      const text = plainInline([line, ...take(isText)].map((part) => part.trim()).join(" "));
      const styleOf = line.startsWith("![") ? faint : (part: string) => part;
      output.push(...wrapWords(text, width - indent.length).map((part) => indent + styleOf(part)));
    }
  }
  return `${output.join("\n").trimEnd()}\n`;
}

/** Whether a line goes on with the paragraph above it. */
function isText(line: string): boolean {
  return line.trim() !== "" && !/^ *(?:```|#|\||<!--)/.test(line) && !LIST_ITEM.test(line);
}

/** Text without its marks; addresses of other sites stay. */
function plainInline(text: string): string {
  return text
    .replaceAll(/!\[([^[\]]*)\]\([^()]*\)/g, "[$1]")
    .replaceAll(/\[([^[\]]*)\]\((https?:[^()]*)\)/g, "$1 ($2)")
    .replaceAll(/\[([^[\]]*)\]\([^()]*\)/g, "$1")
    .replaceAll(/\*\*|`/g, "")
    .replaceAll(/\\([|<*])/g, "$1");
}

/** In columns if that fits, else one row after the other with the titles of its columns. */
function renderTable(lines: string[], width: number, bold: Style["bold"]): string[] {
  const rows = lines.map((line) =>
    line.replaceAll("\\|", ESCAPED_BAR).split("|").slice(1, -1)
      .map((cell) => plainInline(cell.trim()).replaceAll(ESCAPED_BAR, "|"))
  );
  const [head, , ...body] = rows;
  const widths = head.map((_, column) =>
    Math.max(...[head, ...body].map((row) => (row[column] ?? "").length))
  );
  const last = widths.length - 1;
  const before = widths.slice(0, last).reduce((sum, size) => sum + size + 2, 0);
  const room = width - before;
  if (room >= Math.min(widths[last], 24)) {
    const layOut = (row: string[], style = (text: string) => text) =>
      wrapWords(row[last] ?? "", room).map((part, n) =>
        style(
          row.slice(0, last).map((cell, column) => (n === 0 ? cell : "").padEnd(widths[column] + 2))
            .join("") + part,
        ).trimEnd()
      );
    return [...layOut(head, bold), ...body.flatMap((row) => layOut(row))];
  }
  return body.flatMap((row) => [
    ...wrapWords(row[0], width).map(bold),
    ...row.slice(1).flatMap((cell, column) =>
      cell === ""
        ? []
        : wrapWords(head[column + 1] === "" ? cell : `${head[column + 1]}: ${cell}`, width - 2)
          .map((part) => `  ${part}`)
    ),
  ]);
}
