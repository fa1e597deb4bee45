/**
 * A manual clock for processes of the compiled program: libfaketime replaces the system calls that
 * read the time. Timers are not affected. Linux only.
 */
import { join } from "node:path";

export interface ProcessClock extends AsyncDisposable {
  /** For the environment of a process that uses this clock. */
  env: Record<string, string>;
  /** In milliseconds since 1970, as such a process sees it. */
  now(): number;
  /** Negative values set it back. */
  advance(by: { days?: number; hours?: number; minutes?: number }): Promise<void>;
}

export async function processClock(): Promise<ProcessClock> {
  const library = await libraryPath();
  const folder = await Deno.makeTempDir({ prefix: "clock-" });
  const file = join(folder, "offset");
  let offset = 0;
  const set = async () => {
    // Renamed into place, for it is read at every look at the clock.
    await Deno.writeTextFile(`${file}.new`, `${offset < 0 ? "" : "+"}${offset}\n`);
    await Deno.rename(`${file}.new`, file);
  };
  await set();
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      // Else a killed process leaves shared memory behind.
      FAKETIME_DISABLE_SHM: "1",
    },
    now: () => Date.now() + offset * 1000,
    async advance({ days = 0, hours = 0, minutes = 0 }) {
      offset += ((days * 24 + hours) * 60 + minutes) * 60;
      await set();
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function libraryPath(): Promise<string> {
  for await (const { name } of Deno.readDir("/usr/lib")) {
    const path = join("/usr/lib", name, "faketime", "libfaketimeMT.so.1");
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Another architecture's folder, or none.
    }
  }
  throw new Error("libfaketime is not there. Install the package faketime.");
}
