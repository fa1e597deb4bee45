/** The part of a ServerIo that describes its terminal: there is none. */
import type { ServerIo } from "../../server/io.ts";

export const NO_TERMINAL: Pick<
  ServerIo,
  "stdoutIsTerminal" | "stdoutColumns" | "stderrIsLive" | "stderrColumns" | "timeZone"
> = {
  stdoutIsTerminal: false,
  stdoutColumns: () => 80,
  stderrIsLive: false,
  stderrColumns: () => 80,
  timeZone: "UTC",
};
