/** Stories of the terminal as text: tests/stories/terminal/README.md describes the format. */
import { splitArguments } from "./story.ts";

/** What a user does during a command. */
export interface Typing {
  /** Wait until this is on the screen. */
  prompt: string;
  /** Then type this, and Enter; `^C` is Ctrl-C. */
  text: string;
}

export interface TerminalCommand {
  kind: "command";
  line: number;
  /** As it was typed. */
  text: string;
  args: string[];
  typing: Typing[];
}

export interface TerminalEvent {
  kind: "event";
  line: number;
  args: string[];
}

/** Throws Error, with the line, for text that is not a story. */
export function parseTerminalStory(text: string): (TerminalCommand | TerminalEvent)[] {
  const steps: (TerminalCommand | TerminalEvent)[] = [];
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    const [, mark, rest = ""] = /^([$@?<]) (.*)$/.exec(content) ?? [];
    if (content === "" || content.startsWith("#")) continue;
    const step = steps.at(-1);
    if (mark === "$") {
      const args = splitArguments(rest, line);
      steps.push({ kind: "command", line, text: rest, args, typing: [] });
    } else if (mark === "@") {
      steps.push({ kind: "event", line, args: splitArguments(rest, line) });
    } else if (mark === "?" && step?.kind === "command") {
      step.typing.push({ prompt: rest, text: "" });
    } else if (mark === "<" && step?.kind === "command" && step.typing.length > 0) {
      step.typing.at(-1)!.text = rest;
    } else {
      throw new Error(`line ${line}: expected a command, an event, a prompt or what is typed`);
    }
  }
  return steps;
}
