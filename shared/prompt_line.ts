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
  let length: number | null = null;
  try {
    length = await untilAborted(Deno.stdin.read(line), signal);
  } finally {
    // Ctrl-C and Ctrl-D leave the cursor behind the question.
    if (length === null) stderr("\n");
  }
  return new TextDecoder().decode(line.subarray(0, length ?? 0)).trim();
}
