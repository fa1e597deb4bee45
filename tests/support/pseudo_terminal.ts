/** The compiled program on a real terminal: a pseudoterminal of util-linux's `script`. Linux only. */
import { shellWord } from "../../shared/shell_word.ts";
import { binaryPath, type Running, type RunOptions, start } from "./binary.ts";

export interface TerminalOptions extends Pick<RunOptions, "cwd" | "timeoutMs"> {
  env: Record<string, string>;
  columns: number;
  rows?: number;
}

/**
 * Starts the program on a terminal. Its `stdout` is all that appears there, what is typed with
 * `write` included unless the program turns the echo off.
 */
export function startOnTerminal(
  args: readonly string[],
  { env, columns, rows = 50, ...options }: TerminalOptions,
): Running {
  const program = [binaryPath(), ...args].map(shellWord).join(" ");
  const command = `stty cols ${columns} rows ${rows} && exec ${program}`;
  return start(
    ["--quiet", "--return", "--echo", "always", "--command", command, "/dev/null"],
    { ...options, env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env } },
    "script",
  );
}
