/** The part of a ServerIo that describes its terminal: there is none. */
import type { ServerIo } from "../../server/io.ts";

export const NO_TERMINAL: Pick<
  ServerIo,
  | "stdin"
  | "writeStdout"
  | "stdoutIsTerminal"
  | "stdoutColumns"
  | "stderrIsLive"
  | "stderrColumns"
  | "timeZone"
  | "confirm"
  | "promptLine"
  | "promptSecrets"
> = {
  stdin: () => new Blob([]).stream(),
  writeStdout: () => Promise.resolve(),
  stdoutIsTerminal: false,
  stdoutColumns: () => 80,
  stderrIsLive: false,
  stderrColumns: () => 80,
  timeZone: "UTC",
  confirm: () => Promise.resolve(undefined),
  promptLine: () => Promise.resolve(undefined),
  promptSecrets: () => Promise.resolve(undefined),
};
