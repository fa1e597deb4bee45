/** Line breaks for a terminal: between words only, so that nothing is cut. */

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
