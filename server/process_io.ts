/** The ServerIo of this process. */
import { systemClock } from "../shared/clock.ts";
import { promptLine as promptOnTerminal } from "../shared/prompt_line.ts";
import { readStdin, terminalColumns } from "../shared/process.ts";
import { writeStdoutBytes } from "../shared/standard_streams.ts";
import { platformConfigFile } from "./config/config_path.ts";
import { withSecretPrompt } from "../shared/secret_prompt.ts";
import type { ServerIo } from "./io.ts";

function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
}

/** An interrupted line is empty: the command that asks then changes nothing. */
async function promptLine(
  question: string,
  stderr: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  return await promptOnTerminal(question, stderr, signal).catch((error) => {
    if (signal.aborted) return "";
    throw error;
  });
}

export function processIo(
  { stdout, stderr, env, homeFolder, signal }:
    & Pick<ServerIo, "stdout" | "stderr" | "env" | "signal">
    & { homeFolder: string },
): ServerIo {
  return {
    stdout,
    writeStdout: writeStdoutBytes,
    stderr,
    readStdin,
    stdin: () => Deno.stdin.readable,
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
    onHangup(listener) {
      if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", listener);
    },
    clock: systemClock,
    timeZone: undefined,
    platform: {
      os: Deno.build.os,
      homedir: homeFolder,
      configFile: platformConfigFile(Deno.build.os, env),
    },
  };
}
