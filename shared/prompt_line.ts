import { untilAborted } from "./deadline.ts";

/**
 * Asks on standard error and returns what was typed; undefined without a terminal. Throws the
 * reason of `signal` when it aborts.
 */
export async function promptLine(
  question: string,
  stderr: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return undefined;
  stderr(question);
  // A terminal delivers whole lines.
  const line = new Uint8Array(1024);
  const length = await untilAborted(Deno.stdin.read(line), signal);
  if (length === null) stderr("\n");
  return new TextDecoder().decode(line.subarray(0, length ?? 0)).trim();
}
