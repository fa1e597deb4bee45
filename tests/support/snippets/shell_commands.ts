/**
 * The commands of a shell script as lists of arguments, as far as documentation needs it: quotes,
 * pipes, redirections, here-documents, `$(…)` and `<(…)`, whose commands come after those that have
 * them. Variables keep their names. It is not for syntax, which `bash -n` checks.
 */

/** In place of what a substitution prints. */
const SUBSTITUTED = "SUBSTITUTED";

const RESERVED = new Set(
  ["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "exec"],
);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;

export function shellCommands(script: string): string[][] {
  const commands: string[][] = [];
  const nested: string[] = [];
  let args: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  /** The word after `<` or `>` names a file. */
  let isFile = false;
  let hereDocuments: string[] = [];
  let index = 0;
  const endWord = () => {
    if (word === undefined) return;
    const isStart = args.length === 0 && !isQuoted;
    if (isFile) isFile = false;
    else if (!isStart || !RESERVED.has(word) && !ASSIGNMENT.test(word)) args.push(word);
    word = undefined;
    isQuoted = false;
  };
  const endCommand = () => {
    endWord();
    if (args.length > 0) commands.push(args);
    args = [];
    isFile = false;
  };
  /** The text up to the bracket that closes the one before `index`. */
  const bracketed = (): string => {
    const start = index;
    for (let depth = 1; index < script.length; index++) {
      const char = script[index];
      if (char === "\\") index++;
      else if (char === "'") index = closing(script, "'", index + 1);
      else if (char === "(") depth++;
      else if (char === ")" && --depth === 0) return script.slice(start, index++);
    }
    return script.slice(start);
  };
  const substitute = () => {
    // Arithmetic has no commands.
    const isArithmetic = script[index] === "(";
    const text = bracketed();
    if (!isArithmetic) nested.push(text);
    word = (word ?? "") + SUBSTITUTED;
  };
  while (index < script.length) {
    const char = script[index];
    const next = script[index + 1];
    if (char === "\\") {
      if (next !== "\n") word = (word ?? "") + next;
      index += 2;
    } else if (char === "'") {
      const end = closing(script, "'", index + 1);
      word = (word ?? "") + script.slice(index + 1, end);
      isQuoted = true;
      index = end + 1;
    } else if (char === '"') {
      word ??= "";
      isQuoted = true;
      index++;
      while (index < script.length && script[index] !== '"') {
        if (script[index] === "\\") {
          word += script[index + 1];
          index += 2;
        } else if (script.startsWith("$(", index)) {
          index += 2;
          substitute();
        } else word += script[index++];
      }
      index++;
    } else if (char === "$" && next === "(" || (char === "<" || char === ">") && next === "(") {
      index += 2;
      substitute();
    } else if (char === "#" && word === undefined) {
      index = closing(script, "\n", index);
    } else if (script.startsWith("<<<", index)) {
      endWord();
      isFile = true;
      index += 3;
    } else if (script.startsWith("<<", index)) {
      const [all, end] = /^<<-?\s*['"]?(\w+)['"]?/.exec(script.slice(index))!;
      hereDocuments.push(end);
      index += all.length;
    } else if (char === "<" || char === ">") {
      if (word !== undefined && /^\d$/.test(word)) word = undefined;
      endWord();
      isFile = next !== "&";
      index += next === ">" || next === "&" ? 2 : 1;
      if (!isFile) { while (/[\d-]/.test(script[index] ?? "")) index++; }
    } else if ("\n;&|()".includes(char)) {
      endCommand();
      index++;
      if (char !== "\n") continue;
      for (const end of hereDocuments) {
        const [document] = new RegExp(`[^]*?^${end}$\n?`, "m").exec(script.slice(index)) ?? [""];
        if (document.startsWith("#!")) nested.push(document.slice(0, -end.length - 1));
        index += document.length;
      }
      hereDocuments = [];
    } else if (char === " " || char === "\t") {
      endWord();
      index++;
    } else {
      word = (word ?? "") + char;
      index++;
    }
  }
  endCommand();
  return [...commands, ...nested.flatMap(shellCommands)];
}

function closing(text: string, end: string, from: number): number {
  const index = text.indexOf(end, from);
  return index === -1 ? text.length : index;
}

/**
 * The arguments of each run of `program`: on its own, in `program exec -- …` and `sh -c '…'`, and
 * behind programs that start others, such as sudo.
 */
export function runsOf(program: string, script: string): string[][] {
  return shellCommands(script).flatMap((args) => runsIn(program, args));
}

const STARTERS = new Set(["sudo", "env", "docker", "kubectl", "setpriv", "sh", "bash", "ssh"]);

function runsIn(program: string, args: readonly string[]): string[][] {
  const [first, ...rest] = args;
  const runs: string[][] = [];
  const isProgram = (word: string) => word === program || word.endsWith(`/${program}`);
  const flag = args.findIndex((word, n) => word === "-c" && /^(?:ba)?sh$/.test(args[n - 1] ?? ""));
  if (flag !== -1) runs.push(...runsOf(program, args[flag + 1] ?? ""));
  // git runs a helper whose setting starts with an exclamation mark as a command, with an operation.
  for (const word of args) {
    const [, helper] = /=!(.*)/s.exec(word) ?? [];
    if (helper !== undefined) runs.push(...runsOf(program, `${helper} get`));
  }
  const dashes = args.indexOf("--");
  if (isProgram(first)) {
    runs.push(rest);
    if (dashes !== -1) runs.push(...runsIn(program, args.slice(dashes + 1)));
  } else if (STARTERS.has(first) && dashes !== -1) {
    runs.push(...runsIn(program, args.slice(dashes + 1)));
  } else if (STARTERS.has(first)) {
    // The last one: `sudo -u NAME NAME admin …` begins with a user of that name.
    const index = args.lastIndexOf(program, args.length - 2);
    if (index > 0 && !args[index - 1].startsWith("-")) runs.push(args.slice(index + 1));
  }
  return runs;
}
