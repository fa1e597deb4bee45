/**
 * The texts at the end of a command's help as data. They are declared as functions that lay them
 * out for a width (shared/command_examples.ts); laid out for a line without end, each item is one
 * line, with nothing wrapped.
 */
import type { EventEmitter } from "node:events";
import type { Command } from "commander";

export interface Example {
  command: string;
  meaning: string;
}

export type HelpBlock =
  | { kind: "examples"; examples: Example[] }
  | { kind: "paragraph"; text: string }
  | { kind: "items"; heading: string; items: { name: string; text: string }[] }
  | { kind: "lines"; heading: string; lines: string[] };

/** More columns than any text has. */
const ENDLESS = 1_000_000;

export function helpBlocks(command: Command): HelpBlock[] {
  const texts: string[] = [];
  const declared = command.configureOutput();
  command.configureOutput({ getOutHelpWidth: () => ENDLESS });
  // Its type does not say that it is one.
  (command as unknown as EventEmitter).emit("afterHelp", {
    error: false,
    command,
    write: (text: string) => texts.push(text),
  });
  command.configureOutput({ getOutHelpWidth: declared.getOutHelpWidth });
  return texts.map((text) => parseBlock(text.replace(/^\n/, "").replace(/\n+$/, "")));
}

function parseBlock(text: string): HelpBlock {
  const [heading, ...lines] = text.split("\n");
  if (heading === "Examples:") return { kind: "examples", examples: parseExamples(lines) };
  if (lines.length === 0) return { kind: "paragraph", text: heading };
  const items = lines.map((line) => {
    const [name, ...rest] = line.trim().split(/ {2,}/);
    return { name, text: rest.join(" ") };
  });
  return items.every((item) => item.text !== "")
    ? { kind: "items", heading, items }
    : { kind: "lines", heading, lines: lines.map((line) => line.trim()) };
}

/** Commands begin with `  $ `; the lines after one are its meaning. */
function parseExamples(lines: readonly string[]): Example[] {
  const examples: Example[] = [];
  for (const line of lines) {
    if (line.startsWith("  $ ")) examples.push({ command: line.slice(4), meaning: "" });
    else examples.at(-1)!.meaning = line.trim();
  }
  return examples;
}
