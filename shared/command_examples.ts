/** The examples that end a command's help, each with what it is good for. */
export function examples(...lines: [command: string, meaning: string][]): string {
  return `\nExamples:\n${
    lines.map(([command, meaning]) => `  $ ${command}\n      ${meaning}`).join("\n")
  }`;
}
