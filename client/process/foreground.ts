/** A program that takes our place in front of the user until it ends. */
import type { ForegroundEnd } from "../io.ts";
import { hasControllingTerminal, KeyboardWitness } from "./keyboard_witness.ts";

/** What others send us and mean for the program. */
const FORWARDED: Deno.Signal[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
/** What a terminal's keys send to the program and to us alike, and others to us only. */
const FROM_KEYS: Deno.Signal[] = ["SIGINT", "SIGQUIT"];

/** ClientIo's; `hasTerminal` says whether one of our standard streams is a terminal. */
export async function runInForeground(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  hasTerminal: boolean,
): Promise<ForegroundEnd> {
  let child: Deno.ChildProcess | undefined;
  let keyboard: KeyboardWitness | undefined;
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
      Deno.addSignalListener(name, async () => {
        if (!await keyboard?.saw(name)) forward(name);
      });
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
  const isPosix = Deno.build.os !== "windows";
  if (isPosix && hasControllingTerminal(hasTerminal)) keyboard = new KeyboardWitness();
  const { code } = await child.status;
  keyboard?.close();
  return code;
}
