/**
 * Settings in files with `#` comments: they stand between two comments, by which they are found
 * again. INI files, TOML, HCL, shell scripts and others.
 */
import { brand } from "../../../shared/brand.ts";
import { type Edit, type Insertion, removeExactly } from "./edit.ts";

export interface LineEdit {
  path: string;
  /** The helper's name, which the comments contain. */
  name: string;
  /** Throws ClientError if there is another setting in its place. */
  check(text: string): void;
  lines: readonly string[];
  /**
   * `start` of the file, its `end`, or the `table` of this name, such as `[global]`, which is
   * added if there is none.
   */
  place: "start" | "end" | { table: string };
  shared?: boolean;
}

export function lineEdit({ path, name, check, lines, place, shared }: LineEdit): Edit {
  return {
    path,
    shared,
    insert(text) {
      check(text);
      return lines.length === 0 ? [] : [insertion(text, name, lines, place)];
    },
    remove: (text, inserted) => removeLines(text, inserted, name),
  };
}

/** The edit that inserted this text, to take it out. */
export function lineEditOf(path: string, inserted: readonly string[]): Edit {
  const [, name = ""] = START.exec(inserted.join("")) ?? [];
  return lineEdit({ path, name, lines: [], place: "end", check() {} });
}

function insertion(
  text: string,
  name: string,
  lines: readonly string[],
  place: LineEdit["place"],
): Insertion {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const block = (lines: readonly string[]) =>
    [startOf(name), ...lines, endOf(name)].map((line) => `${line}${newline}`).join("");
  // A byte order mark stays at the beginning.
  if (place === "start") return { at: text.startsWith("\uFEFF") ? 1 : 0, text: block(lines) };
  if (place !== "end") {
    const at = afterHeader(text, place.table);
    if (at !== undefined) {
      return { at, text: text[at - 1] === "\n" ? block(lines) : newline + block(lines) };
    }
    return insertion(text, name, [place.table, ...lines], "end");
  }
  const complete = text === "" || text.endsWith("\n");
  return { at: text.length, text: complete ? block(lines) : newline + block(lines) };
}

/** The offset of the line after the header; undefined without that header. */
function afterHeader(text: string, header: string): number | undefined {
  let offset = 0;
  for (const line of text.split(/(?<=\n)/)) {
    offset += line.length;
    if (headerIn(line) === header) return offset;
  }
  return undefined;
}

/** `[table]`, without a comment and spaces; undefined if the line is not a header. */
function headerIn(line: string): string | undefined {
  const trimmed = line.trim();
  if (!trimmed.startsWith("[")) return undefined;
  const end = trimmed.lastIndexOf("]");
  return end < 0 ? undefined : trimmed.slice(0, end + 1);
}

function removeLines(text: string, inserted: readonly string[], name: string): string {
  const exact = inserted.length === 0 ? undefined : removeExactly(text, inserted);
  const lines = text.split(/(?<=\n)/);
  const start = lines.findIndex((line) => line.trim() === startOf(name));
  const end = lines.findIndex((line, index) => index > start && line.trim() === endOf(name));
  // Only the comments identify it, or it is gone.
  if (start < 0 || end < 0) return exact ?? text;
  const region = lines.slice(start + 1, end);
  const opensTable = region.some((line) => headerIn(line) !== undefined);
  // Lines that were added below our header belong to its table.
  const tail = lines.slice(end + 1);
  const next = tail.findIndex((line) => headerIn(line) !== undefined);
  const inTable = opensTable && tail.slice(0, next < 0 ? undefined : next).some(isSetting);
  // The newline that completed the last line of the file is needed once other lines follow.
  const separates = tail.length > 0 && /^\r?\n/.test(inserted[0] ?? "");
  if (exact !== undefined && !inTable && !separates) return exact;
  // Without a record, all of it was inserted.
  const ownLines = inserted.length === 0 ? region : inserted.flatMap((part) => part.split("\n"));
  const own = new Set(ownLines.map((line) => line.trim()));
  return [...lines.slice(0, start), ...foreignLines(region, own, inTable), ...tail].join("");
}

/** What `pattern` matches in the first line that it matches; lines have no spaces around them. */
export function matchLine(text: string, pattern: RegExp): RegExpExecArray | undefined {
  for (const line of text.split("\n")) {
    const match = pattern.exec(line.trim());
    if (match !== null) return match;
  }
  return undefined;
}

function isSetting(line: string): boolean {
  return line.trim() !== "" && !line.trim().startsWith("#");
}

/** The lines of others, each below its header. */
function foreignLines(
  region: readonly string[],
  own: ReadonlySet<string>,
  keepLastHeader: boolean,
): string[] {
  const kept: string[] = [];
  let header: string | undefined;
  for (const line of region) {
    if (headerIn(line) !== undefined && own.has(line.trim())) {
      header = line;
    } else if (!own.has(line.trim())) {
      if (header !== undefined) kept.push(header);
      header = undefined;
      kept.push(line);
    }
  }
  if (keepLastHeader && header !== undefined) kept.push(header);
  return kept;
}

const START = new RegExp(`# >>> ${brand.binaryName} auth install (\\S+) >>>`);

function startOf(name: string): string {
  return `# >>> ${brand.binaryName} auth install ${name} >>>`;
}

function endOf(name: string): string {
  return `# <<< ${brand.binaryName} auth install ${name} <<<`;
}
