/** Shows text with a program that reads it from its standard input, on our terminal. */
import type { ClientIo } from "../io.ts";

/** For ClientIo. */
export const showInPager: ClientIo["showInPager"] = async (program, args, env, text) => {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      stdin: "piped",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch {
    return false;
  }
  // A user may leave it before it has read everything.
  const written = new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
  await child.status;
  await written;
  return true;
};
