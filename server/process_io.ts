/** The ServerIo of this process. */
import { systemClock } from "../shared/clock.ts";
import { untilAborted } from "../shared/deadline.ts";
import { readStdin, terminalColumns } from "../shared/process.ts";
import { platformConfigFile } from "./config/config_path.ts";
import { withSecretPrompt } from "../shared/secret_prompt.ts";
import type { ServerIo } from "./io.ts";

function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

/** Asks on standard error; undefined without a terminal. An interrupted line is empty. */
async function promptLine(
  question: string,
  stderr: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!hasTerminal()) return undefined;
  stderr(question);
  // A terminal delivers whole lines.
  const line = new Uint8Array(1024);
  const length = await untilAborted(Deno.stdin.read(line), signal).catch((error) => {
    if (signal.aborted) return null;
    throw error;
  });
  return new TextDecoder().decode(line.subarray(0, length ?? 0)).trim();
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
    async confirm(question) {
      const answer = await promptLine(`${question} [y/N] `, stderr, signal);
      return answer === undefined ? undefined : /^y(es)?$/i.test(answer);
    },
    promptLine: (question) => promptLine(question, stderr, signal),
    async promptSecrets(dialog) {
      return hasTerminal() ? await withSecretPrompt(Deno.stdin, stderr, dialog) : undefined;
    },
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
