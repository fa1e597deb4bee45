/** A program whose output is too long to be kept. */
import type { StreamedEnd } from "../io.ts";

/** ClientIo's; the program is killed when `signal` aborts, and when `read` throws. */
export async function streamProgram<T>(
  program: string,
  args: readonly string[],
  input: string,
  read: (output: AsyncIterable<Uint8Array>) => Promise<T>,
  signal: AbortSignal,
): Promise<StreamedEnd<T> | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal,
    }).spawn();
  } catch {
    return undefined;
  }
  // It may end before it has read everything: its exit code says enough.
  const written = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {});
  const stderr = new Response(child.stderr).text();
  let result: T;
  try {
    result = await read(child.stdout);
  } catch (error) {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    throw error;
  } finally {
    await Promise.allSettled([written, stderr, child.status]);
  }
  return { code: (await child.status).code, stderr: await stderr, result };
}
