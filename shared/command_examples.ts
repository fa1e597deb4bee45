/** The examples at the end of a command's help. */
export function examples(...lines: [command: string, meaning: string][]): string {
  return `\nExamples:\n${
    lines.map(([command, meaning]) => `  $ ${command}\n      ${meaning}`).join("\n")
  }`;
}
