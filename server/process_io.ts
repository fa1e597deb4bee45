/** The ServerIo of this process. */
import { systemClock } from "../shared/clock.ts";
import { untilAborted } from "../shared/deadline.ts";
import { readStdin, terminalColumns } from "../shared/process.ts";
import { platformConfigFile } from "./config/config_path.ts";
import type { ServerIo } from "./io.ts";

/** Asks on standard error; undefined without a terminal. */
async function confirmOnTerminal(
  question: string,
  stderr: (text: string) => void,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
  stderr(`${question} [y/N] `);
  // A terminal delivers whole lines.
  const line = new Uint8Array(256);
  const length = await untilAborted(Deno.stdin.read(line), signal).catch((error) => {
    if (signal.aborted) return null;
    throw error;
  });
  return /^y(es)?$/i.test(new TextDecoder().decode(line.subarray(0, length ?? 0)).trim());
}

export function processIo(
  { stdout, stderr, env, homeFolder, signal }:
    & Pick<ServerIo, "stdout" | "stderr" | "env" | "signal">
    & { homeFolder: string },
): ServerIo {
  return {
    stdout,
    stderr,
    readStdin,
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stdoutColumns: terminalColumns,
    stderrIsLive: Deno.stderr.isTerminal() && env.TERM !== "dumb",
    stderrColumns: terminalColumns,
    confirm: (question) => confirmOnTerminal(question, stderr, signal),
    env,
    signal,
    clock: systemClock,
    timeZone: undefined,
    platform: {
      os: Deno.build.os,
      homedir: homeFolder,
      configFile: platformConfigFile(Deno.build.os, env),
    },
  };
}
