/** Runs a program whose output is too long for the memory. */
import type { StreamResult } from "../io.ts";

/** For ClientIo. The program is killed when `signal` aborts or `read` throws. */
export async function streamProgram<T>(
  program: string,
  args: readonly string[],
  input: string,
  read: (output: AsyncIterable<Uint8Array>) => Promise<T>,
  signal: AbortSignal,
): Promise<StreamResult<T> | undefined> {
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
  // It may exit before it has read everything: its exit code is enough.
  const written = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {});
  const stderr = new Response(child.stderr).text();
  let result: T;
  try {
    result = await read(child.stdout);
  } catch (error) {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has exited already.
    }
    throw error;
  } finally {
    await Promise.allSettled([written, stderr, child.status]);
  }
  return { code: (await child.status).code, stderr: await stderr, result };
}
