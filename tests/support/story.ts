/** Stories of the command line as text: tests/stories/README.md describes the format. */

/** A command with everything that it must print. */
export interface StoryCommand {
  kind: "command";
  line: number;
  args: string[];
  stdin: string;
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Something that happens between two commands, such as `@ approve alice`. */
export interface StoryEvent {
  kind: "event";
  line: number;
  args: string[];
}

export type StoryStep = StoryCommand | StoryEvent;

/** Throws Error, with the line, for text that is not a story. */
export function parseStory(text: string): StoryStep[] {
  const steps: StoryStep[] = [];
  let command: StoryCommand | undefined;
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    const [, mark, rest] = /^(\$|@|<|2>|\?|#)(?: (.*)|)$/.exec(content) ?? [];
    if (mark === "#") continue;
    if (mark === "$") {
      command = {
        kind: "command",
        line,
        args: splitArguments(rest ?? "", line),
        ...{ stdin: "", stdout: "", stderr: "", exitCode: 0 },
      };
      steps.push(command);
    } else if (mark === "@") {
      command = undefined;
      steps.push({ kind: "event", line, args: splitArguments(rest ?? "", line) });
    } else if (content === "" && (command === undefined || isEnd(text, index))) {
      command = undefined;
    } else if (command === undefined) {
      throw new Error(`line ${line}: expected a command, which starts with "$ "`);
    } else if (mark === "<") {
      command.stdin += `${rest ?? ""}\n`;
    } else if (mark === "2>") {
      command.stderr += `${rest ?? ""}\n`;
    } else if (mark === "?") {
      command.exitCode = Number(rest);
    } else {
      command.stdout += `${content}\n`;
    }
  }
  return steps;
}

/** Whether an empty line separates two steps: the next one that is not empty starts a step. */
function isEnd(text: string, index: number): boolean {
  const next = text.split("\n").slice(index).find((line) => line !== "");
  return next === undefined || /^[$@#]( |$)/.test(next);
}

/** Splits a command line as a shell does, with quotes but without anything else of a shell. */
export function splitArguments(text: string, line: number): string[] {
  const args: string[] = [];
  const pattern = /\s*((?:[^\s'"<]|<[^<>]*>|'[^']*'|"[^"]*")+)/gy;
  const trimmed = text.trim();
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed);
    if (match === null) throw new Error(`line ${line}: a quote is not closed`);
    args.push(match[1].replaceAll(/'([^']*)'|"([^"]*)"/g, (_, a, b) => a ?? b));
  }
  return args;
}

/** What placeholders stand for. A name after the kind keeps the text: `<pat ci>`. */
const PLACEHOLDERS: Record<string, string> = {
  code: "[A-Z]{4}-[A-Z]{4}",
  duration: String.raw`\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))?`,
  id: "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
  jwt: String.raw`eyJ[\w-]+\.[\w-]+\.[\w-]+`,
  pat: "[a-z]+_[0-9A-Za-z]{49}",
  prefix: "[a-z]+_[0-9A-Za-z]{8}",
  distance: String.raw`just now|(?:in )?(?:less than a|\d+) [a-z]+(?: ago)?`,
  text: ".*?",
  time: String.raw`\d{4}-\d\d-\d\d(?: \d\d:\d\d [A-Z][\w+:-]*|T[\d:.]+Z)`,
};

const PLACEHOLDER = new RegExp(`<(${Object.keys(PLACEHOLDERS).join("|")})(?: ([\\w-]+))?>`, "g");

/** Texts that a story has named so far. */
export type Captures = Map<string, string>;

/** Replaces `<pat ci>` by what was captured under that name. */
export function insertCaptures(text: string, captures: Captures): string {
  return text.replace(
    PLACEHOLDER,
    (placeholder, kind, name) =>
      name === undefined ? placeholder : captures.get(`${kind} ${name}`) ?? placeholder,
  );
}

/**
 * Whether `actual` is what `expected` says; captures what its placeholders name. Text that
 * was captured already has to be the same again.
 */
export function matchOutput(expected: string, actual: string, captures: Captures): boolean {
  const known = insertCaptures(expected, captures);
  const names: string[] = [];
  let pattern = "";
  let end = 0;
  for (const { 0: placeholder, 1: kind, 2: name, index } of known.matchAll(PLACEHOLDER)) {
    pattern += escape(known.slice(end, index));
    const earlier = name === undefined ? -1 : names.indexOf(`${kind} ${name}`);
    if (earlier >= 0) {
      pattern += `\\${earlier + 1}`;
    } else if (name === undefined) {
      pattern += `(?:${PLACEHOLDERS[kind]})`;
    } else {
      names.push(`${kind} ${name}`);
      pattern += `(${PLACEHOLDERS[kind]})`;
    }
    end = index + placeholder.length;
  }
  const match = new RegExp(`^${pattern}${escape(known.slice(end))}$`).exec(actual);
  if (match === null) return false;
  for (const [index, name] of names.entries()) captures.set(name, match[index + 1]);
  return true;
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
