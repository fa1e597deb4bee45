/** What both sides of the program need to know of the process they run in. */
import { absoluteFolder } from "./absolute_folder.ts";
import { EXIT } from "./exit_codes.ts";

/** From the environment, else from the user database; empty if neither names one. */
export async function homeFolder(env: Record<string, string>): Promise<string> {
  const named = absoluteFolder(Deno.build.os === "windows" ? env.USERPROFILE : env.HOME);
  if (named !== undefined) return named;
  try {
    const { userInfo } = await import("node:os");
    return absoluteFolder(userInfo().homedir) ?? "";
  } catch {
    // A user id without an entry, as containers have them.
    return "";
  }
}

/** Columns of the terminal; 80 where there is none, or one that does not know its size. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

export interface Signals {
  /** Aborted by the first of the signals; the second ends the process on the spot. */
  signal: AbortSignal;
  /** From now on, signals are meant for the program that runs in the foreground. */
  delegateToProgram(): void;
}

/** Listens for the given signals. */
export function abortOn(...names: Deno.Signal[]): Signals {
  const controller = new AbortController();
  let delegated = false;
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (delegated) return;
      if (controller.signal.aborted) Deno.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  return { signal: controller.signal, delegateToProgram: () => delegated = true };
}

/** Leaves a signal that the terminal sends to all processes to the parent of this one. */
export function ignoreSignal(name: Deno.Signal): void {
  Deno.addSignalListener(name, () => {});
}

/** All of standard input, as text. */
export async function readStdin(): Promise<string> {
  return await new Response(Deno.stdin.readable).text();
}
