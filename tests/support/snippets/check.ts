/** A check of a block of code in the documentation. */
import type { Sql } from "../../../server/store/db/connect.ts";
import type { CodeBlock } from "../documentation.ts";
import { programPath } from "../reverse_proxy.ts";

/** The tool of a check is not on this machine, and no package of the tests has it. */
export const SKIPPED = Symbol("skipped");

export interface CheckTools {
  /** For files; deleted after the check. */
  folder: string;
  /** A database with our tables. */
  sql(): Promise<Sql>;
}

/** What is wrong with a block; empty if nothing is. */
export type Check = (block: CodeBlock, tools: CheckTools) => Promise<string | typeof SKIPPED>;

export interface ToolOptions {
  /** Written to standard input. */
  stdin?: string;
  cwd?: string;
  /** Replaces what the tool prints by what matters of it. */
  relevant?(output: string): string;
}

/** Runs a tool. Returns what it prints, unless it accepts its input. */
export async function outputOf(
  program: string,
  args: readonly string[],
  { stdin = "", cwd, relevant = (output) => output }: ToolOptions = {},
): Promise<string> {
  const child = new Deno.Command(await programPath(program), {
    args: [...args],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A tool may exit before it has read everything.
  const written = writer.write(new TextEncoder().encode(stdin)).then(() => writer.close())
    .catch(() => {});
  const { success, stdout, stderr } = await child.output();
  await written;
  if (success) return "";
  const output = [stderr, stdout].map((bytes) => new TextDecoder().decode(bytes)).join("").trim();
  return relevant(output) || (output === "" ? `${program} failed` : "");
}

/** For checks that throw. */
export function passes(check: (block: CodeBlock, tools: CheckTools) => unknown): Check {
  return async (block, tools) => {
    try {
      await check(block, tools);
      return "";
    } catch (error) {
      return String(error);
    }
  };
}
