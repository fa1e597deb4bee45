/** Which program shows a long text page by page, as git and gh choose it. */
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";

export const PAGER_VARIABLE = `${brand.envPrefix}_PAGER`;

export interface Pager {
  program: string;
  args: string[];
  env: Record<string, string>;
}

/** Undefined if there is to be none: an empty variable, `cat`, or Windows without a variable. */
export function choosePager(
  { env, platform }: Pick<ClientIo, "env"> & { platform: Pick<ClientIo["platform"], "os"> },
): Pager | undefined {
  const fallback = platform.os === "windows" ? "" : "less";
  const [program, ...args] = (env[PAGER_VARIABLE] ?? env.PAGER ?? fallback).trim().split(/\s+/);
  if (program === "" || program === "cat") return undefined;
  return {
    program,
    args,
    env: {
      // Quits if all fits on the screen, keeps styles, and leaves the text on the screen.
      ...env.LESS === undefined && { LESS: "FRX" },
      ...env.LV === undefined && { LV: "-c" },
    },
  };
}
