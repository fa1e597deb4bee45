/** Runs a program in the foreground until it exits. */
import type { ForegroundResult } from "../io.ts";
import { hasControllingTerminal, TerminalSignalDetector } from "./terminal_signal_detector.ts";

/** Signals that other processes send us, meant for the program. */
const FORWARDED: Deno.Signal[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
/** A terminal sends these to the program and to us; other processes send them only to us. */
const FROM_TERMINAL: Deno.Signal[] = ["SIGINT", "SIGQUIT"];

/** For ClientIo. `hasTerminal`: one of our standard streams is a terminal. */
export async function runInForeground(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  hasTerminal: boolean,
): Promise<ForegroundResult> {
  let child: Deno.ChildProcess | undefined;
  let detector: TerminalSignalDetector | undefined;
  const forward = (name: Deno.Signal) => {
    try {
      child?.kill(name);
    } catch {
      // It has exited already.
    }
  };
  // Installed before the program starts: a signal in between would end only this process.
  if (Deno.build.os === "windows") {
    // A console sends Ctrl-C to every program in it; this process only has to ignore it.
    Deno.addSignalListener("SIGINT", () => {});
  } else {
    for (const name of FORWARDED) Deno.addSignalListener(name, () => forward(name));
    for (const name of FROM_TERMINAL) {
      Deno.addSignalListener(name, async () => {
        if (!await detector?.isFromTerminal(name)) forward(name);
      });
    }
  }
  // Before the program as well: its first output may be answered with Ctrl-C.
  const isPosix = Deno.build.os !== "windows";
  if (isPosix && hasControllingTerminal(hasTerminal)) detector = new TerminalSignalDetector();
  try {
    child = new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    detector?.close();
    return error instanceof Deno.errors.NotFound ? "not_found" : "not_executable";
  }
  const { code } = await child.status;
  detector?.close();
  return code;
}
