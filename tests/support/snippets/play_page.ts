/**
 * Plays the commands of a page of the documentation in one shell, as a reader who copies them.
 * Lines that need another machine, a person or an id are left out, each with the reason.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import { start } from "../binary.ts";
import { codeBlocks, readFromRoot, typedCommands } from "../documentation.ts";
import { runsOf, shellCommands } from "./shell_commands.ts";

export interface PlayedPage {
  page: string;
  /** What the page takes for granted. */
  before?: string;
  /** Text of lines that are not run, with the reason. */
  leftOut?: Readonly<Record<string, string>>;
  /** For placeholders, and values that a later line uses. */
  replaced?: readonly (readonly [RegExp, string])[];
  /** Lines of output that depend on the machine. */
  varying?: RegExp;
  files?: Readonly<Record<string, string>>;
  /** The number of commands that are run at least. */
  atLeast: number;
}

/** Where pages are played. */
export interface Stage {
  folder: string;
  env: Readonly<Record<string, string>>;
  /** URLs of the documentation, and those of the test. */
  urls: Readonly<Record<string, string>>;
}

/** The server, in examples. */
const SERVERS = ["https://auth.example.com", "http://127.0.0.1:8787"];

interface Line {
  command: string;
  /** What the page says it prints. */
  output: string[];
}

/** Fails unless each command of the page succeeds, and prints what the page says. */
export async function playPage(played: PlayedPage, { folder, env, urls }: Stage): Promise<void> {
  const localize = (text: string) =>
    Object.entries(urls).reduce((text, [from, to]) => text.replaceAll(from, to), text)
      .replaceAll("/etc/yourapp/", `${folder}/`)
      .replaceAll(/\byourapp(?= )/g, brand.binaryName);
  for (const [name, text] of Object.entries(played.files ?? {})) {
    await Deno.writeTextFile(join(folder, name), text, { mode: 0o700 });
  }
  const lines = await linesToRun(played);
  const { replaced = [], before = "true", varying } = played;
  const script = [
    "set -euo pipefail",
    localize(before),
    ...lines.map(({ command }, index) => {
      const text = replaced.reduce((text, [from, to]) => text.replace(from, to), command);
      return `echo '${mark(index)}'\n{\n${localize(text)}\n} 2>&1`;
    }),
  ].join("\n");
  await using shell = start(["-c", script], { env: { ...env }, cwd: folder, stdin: "" }, "bash");
  const { code, stdout, stderr } = await shell.ended;
  assert.equal(code, 0, stdout + stderr);
  for (const [index, { command, output }] of lines.entries()) {
    const printed = stdout.split(`${mark(index)}\n`)[1].split("\n@@ ")[0];
    assert.doesNotMatch(printed, /^Error:|"error"/m, `${command}\n${printed}`);
    for (const line of localize(output.join("\n")).split("\n").filter(isLasting)) {
      if (varying?.test(line)) continue;
      assert.ok(printed.includes(line), `${command}\n${printed}\n${line}`);
    }
  }
}

const mark = (index: number) => `@@ ${index}`;

async function linesToRun(played: PlayedPage): Promise<Line[]> {
  const { leftOut = {}, atLeast } = played;
  const lines = await linesOf(played);
  for (const text of Object.keys(leftOut)) {
    assert.ok(lines.some(({ command }) => command.includes(text)), `no line has ${text}`);
  }
  const run = lines.filter(({ command }) =>
    !Object.keys(leftOut).some((text) => command.includes(text))
  );
  assert.ok(run.length >= atLeast, `${played.page}: ${run.length} commands`);
  return run;
}

/** The commands of our program and requests to its server, in the order of the page. */
async function linesOf({ page }: PlayedPage): Promise<Line[]> {
  const isOurs = (command: string) =>
    runsOf("yourapp", command).length > 0 && !command.startsWith("sudo") ||
    shellCommands(command)[0]?.[0] === "curl" && SERVERS.some((url) => command.includes(url));
  return codeBlocks(page, await readFromRoot(page)).flatMap(({ language, code }) => {
    if (language !== "sh" && language !== "console") return [];
    const isConsole = language === "console";
    const text = isConsole ? typedCommands(code) : code;
    const commands = text.replaceAll("\\\n", "\u0000").split("\n").map((line) =>
      line.replaceAll("\u0000", "\\\n")
    );
    return commands.filter(isOurs).map((command) => ({
      command,
      output: isConsole ? outputAfter(code, command) : [],
    }));
  });
}

function outputAfter(code: string, command: string): string[] {
  const [, after] = code.split(`$ ${command}\n`);
  const [output = ""] = (after ?? "").split(/^\$ /m);
  return output.split("\n").filter((line) => line.trim() !== "" && !line.includes("…"));
}

/** Whether a line of output is the same in each run: without times, ids and amounts. */
function isLasting(line: string): boolean {
  return !/\d/.test(line) && !/ {2,}\S.* {2,}/.test(line) && !/\b[A-Z]{2}\b/.test(line);
}
