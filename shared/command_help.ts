/** The layout of help: two columns where the terminal has room for them, wrapped at any width. */
import type { Command, Help, HelpConfiguration, Option } from "commander";
import { wrapWords } from "./wrap_text.ts";

/** Longer lines are hard to read, and shorter ones cannot be laid out. */
const [MIN_WIDTH, MAX_WIDTH] = [30, 120];
/** Below, a description has the line after its name. */
const MIN_TWO_COLUMN_WIDTH = 60;
/** How much of the width names may take; a longer name has a line of its own. */
const MAX_NAME_SHARE = 0.4;

/** Columns of help for a terminal of this many. */
export function clampHelpWidth(columns: number): number {
  return Math.min(Math.max(columns, MIN_WIDTH), MAX_WIDTH);
}

/** Columns of the help of `command`, for texts that the parser does not lay out. */
export function helpWidth(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? 80;
}

/** A name and its description; `longest` is the length of the longest name in the help. */
export function layOutItem(
  name: string,
  description: string,
  longest: number,
  width: number,
): string {
  if (width < MIN_TWO_COLUMN_WIDTH) {
    return [`  ${name}`, ...wrapWords(description, width - 6).map((line) => `      ${line}`)]
      .join("\n");
  }
  const column = Math.min(longest, Math.floor(width * MAX_NAME_SHARE)) + 4;
  const lines = wrapWords(description, width - column);
  const indented = lines.map((line) => " ".repeat(column) + line);
  return name.length + 4 > column
    ? [`  ${name}`, ...indented].join("\n")
    : [`  ${name.padEnd(column - 2)}${lines[0]}`, ...indented.slice(1)].join("\n");
}

/** `bold` styles headings where the terminal can show it. */
export function helpLayout(bold: (text: string) => string): HelpConfiguration {
  return {
    commandUsage(this: Help, command) {
      const path = [command.name()];
      for (let { parent } = command; parent; { parent } = parent) path.unshift(parent.name());
      const width = (this.helpWidth ?? 80) - "Usage: ".length;
      return wrapWords(`${path.join(" ")} ${command.usage()}`, width).join("\n       ");
    },
    // The help of the command has its arguments.
    subcommandTerm: (command) => command.name(),
    optionTerm: ({ flags }) => flags,
    boxWrap: (text, width) => wrapWords(text, width).join("\n"),
    formatItem(this: Help, term, longest, description) {
      return layOutItem(term, description, longest, this.helpWidth ?? 80);
    },
    groupItems: ordinaryFirst,
    styleTitle: bold,
  };
}

/** Options of its own come before those that a command shares with others. */
function ordinaryFirst<Item extends Command | Option>(
  _unsorted: Item[],
  visible: Item[],
  groupOf: (item: Item) => string,
): Map<string, Item[]> {
  const { true: ordinary = [], false: others = [] } = Object.groupBy(
    visible,
    (item) => `${groupOf(item) === "Options:"}`,
  );
  return Map.groupBy([...ordinary, ...others], groupOf);
}
