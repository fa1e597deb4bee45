/** The texts at the end of a command's help, laid out for the terminal. */
import type { Command } from "commander";
import { helpWidth, layOutItem } from "./command_help.ts";
import { wrapCommand, wrapWords } from "./wrap_text.ts";

type HelpText = (context: { command: Command }) => string;

/** Commands as they are typed, each with what it does. */
export function examples(...lines: [command: string, meaning: string][]): HelpText {
  return ({ command }) => {
    const width = helpWidth(command);
    const texts = lines.map(([typed, meaning]) => {
      const [first, ...rest] = wrapCommand(typed, width - 4);
      return [
        `  $ ${first}`,
        ...rest.map((line) => `    ${line}`),
        ...wrapWords(meaning, width - 6).map((line) => `      ${line}`),
      ].join("\n");
    });
    return `\nExamples:\n${texts.join("\n")}`;
  };
}

/** Names with their meaning below a heading. */
export function helpItems(
  heading: string,
  items: readonly [name: string, text: string][],
): HelpText {
  return ({ command }) => {
    const width = helpWidth(command);
    const longest = Math.max(...items.map(([name]) => name.length));
    return `\n${
      [
        ...wrapWords(heading, width),
        ...items.map((item) => layOutItem(...item, longest, width)),
      ].join("\n")
    }`;
  };
}

export function helpParagraph(text: string): HelpText {
  return ({ command }) => `\n${wrapWords(text, helpWidth(command)).join("\n")}`;
}

export function helpList(heading: string, lines: readonly string[]): HelpText {
  return () => `\n${[heading, ...lines.map((line) => `  ${line}`)].join("\n")}`;
}
