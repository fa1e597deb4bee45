/** A program that takes our place in front of the user until it ends. */
import type { ForegroundEnd } from "./client_io.ts";

/** What others send us and mean for the program. */
const FORWARDED: Deno.Signal[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
/** What a terminal's keys send to the program and to us alike. */
const FROM_KEYS: Deno.Signal[] = ["SIGINT", "SIGQUIT"];

/** ClientIo's; `hasTerminal` says whether Ctrl-C reaches the program without our doing. */
export async function runInForeground(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  hasTerminal: boolean,
): Promise<ForegroundEnd> {
  let child: Deno.ChildProcess | undefined;
  const forward = (name: Deno.Signal) => {
    try {
      child?.kill(name);
    } catch {
      // It has ended already.
    }
  };
  // Heard before the program starts: afterwards there would be a moment in which one ends us alone.
  if (Deno.build.os === "windows") {
    // A console's keys reach every program in it; we only must outlive them.
    Deno.addSignalListener("SIGINT", () => {});
  } else {
    for (const name of FORWARDED) Deno.addSignalListener(name, () => forward(name));
    for (const name of FROM_KEYS) {
      Deno.addSignalListener(name, () => hasTerminal || forward(name));
    }
  }
  try {
    child = new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "not found" : "cannot be run";
  }
  return (await child.status).code;
}
