/** What a command shows about one thing: a line for each field, with its name. */
import { fillLines } from "./wrap_text.ts";

export type Field = readonly [name: string, value: string];

/** Values narrower than this are left to the terminal. */
const MIN_VALUE_WIDTH = 20;

/** On a terminal, long values continue below their beginning. */
export function formatFields(
  fields: readonly Field[],
  { stdoutIsTerminal, stdoutColumns }: { stdoutIsTerminal: boolean; stdoutColumns(): number },
): string {
  const indent = Math.max(...fields.map(([name]) => name.length)) + ": ".length;
  const room = stdoutIsTerminal ? stdoutColumns() - indent : Infinity;
  return fields.map(([name, value]) => {
    const lines = room < MIN_VALUE_WIDTH ? [value] : fillLines(value.split(" "), room);
    return `${`${name}:`.padEnd(indent)}${lines.join(`\n${" ".repeat(indent)}`)}\n`;
  }).join("");
}
