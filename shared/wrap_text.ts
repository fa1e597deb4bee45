/** Line breaks for a terminal: between words only, so that nothing is cut. */
import { brand } from "./brand.ts";
import { textWidth } from "./text_width.ts";

/** The lines of `text` at most `width` wide; a longer word has a line of its own. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** A shell command, continued with backslashes so that it can be copied as a whole. */
export function wrapCommand(command: string, width: number): string[] {
  if (command.length <= width) return [command];
  const parts = unquotedWords(command);
  const lines = [parts[0]];
  for (const word of parts.slice(1)) {
    const line = `${lines.at(-1)} ${word}`;
    // Two columns for the backslash, which a pipe does not need.
    if (line.length + (word === "|" ? 0 : 2) <= width) lines[lines.length - 1] = line;
    else lines.push(`  ${word}`);
  }
  // A pipe continues without one, in PowerShell too.
  return lines.map((line, index) =>
    index === lines.length - 1 || line.endsWith("|") ? line : `${line} \\`
  );
}

/** Splits at spaces outside quotes. */
function unquotedWords(command: string): string[] {
  const parts = [""];
  let quote: string | undefined;
  for (const character of command) {
    if (character === quote) quote = undefined;
    else if (quote === undefined && /["']/.test(character)) quote = character;
    if (character === " " && quote === undefined) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}

// deno-lint-ignore no-control-regex -- styles take no columns
const STYLE = /\x1b\[\d+m/g;
/** A command that a message suggests: it stays on one line, to be copied as a whole. */
const SUGGESTED_COMMAND = new RegExp(`(?<=: )${brand.binaryName} .*?(?=\\.? *$|[.;] )`, "g");
/** Lines that are rewritten in place, those of a log, and commands. */
const NOT_PROSE = new RegExp(
  String.raw`[\r{]|\x1b\[K|^\d{4}-\d\d-\d\dT|^ *${brand.binaryName} `,
);
/** Stands for a space that must not become a line break. */
const FIXED_SPACE = "\u00a0";

/** Messages for a terminal: lines that are too long break between words and keep their indent. */
export function wrapMessages(text: string, columns: () => number): string {
  const lines = text.split("\n");
  // The width is asked for only if it matters: it takes two milliseconds.
  if (lines.every((line) => line.length <= MIN_COLUMNS)) return text;
  const width = columns();
  return lines.map((line) => wrapMessage(line, width)).join("\n");
}

/** Like wrapMessages, if standard output is a terminal. */
export function wrapForStdout(
  text: string,
  { stdoutIsTerminal, stdoutColumns }: { stdoutIsTerminal: boolean; stdoutColumns(): number },
): string {
  return stdoutIsTerminal ? wrapMessages(text, stdoutColumns) : text;
}

const MIN_COLUMNS = 20;

function wrapMessage(line: string, width: number): string {
  if (NOT_PROSE.test(line) || columnsOf(line) <= width) return line;
  const [indent] = /^ *(?:- )?/.exec(line)!;
  const room = Math.max(MIN_COLUMNS, width - indent.length);
  const text = line.slice(indent.length).replace(
    SUGGESTED_COMMAND,
    (command) => command.length < room ? command.replaceAll(" ", FIXED_SPACE) : command,
  );
  const [first = "", ...rest] = fillLines(text.split(" "), room);
  return [indent + first, ...rest.map((more) => " ".repeat(indent.length) + more)].join("\n")
    .replaceAll(FIXED_SPACE, " ");
}

/** Like wrapWords, for words with styles, and with the spaces between them as they are. */
export function fillLines(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of parts) {
    const last = lines.at(-1);
    const joined = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || columnsOf(joined) > width) lines.push(word);
    else lines[lines.length - 1] = joined;
  }
  return lines.map((line, index) => index === lines.length - 1 ? line : line.trimEnd());
}

function columnsOf(text: string): number {
  return textWidth(text.replace(STYLE, ""));
}
