/** The program that an upgrade replaces, and where its releases are. */
import { brand } from "../../shared/brand.ts";
import { version } from "../../shared/version.ts";
import type { ClientIo } from "../io.ts";

export interface RunningProgram {
  /** The command, and the start of the names of archives. */
  name: string;
  version: string;
  /** As `Deno.build.target` names it. */
  target: string;
  /** False if it runs from the sources. */
  isCompiled: boolean;
  /** Its file. */
  path: string;
  release: { repository: string; url: string; signerWorkflow: string };
}

export function runningProgram({ platform }: Pick<ClientIo, "platform">): RunningProgram {
  return {
    name: brand.binaryName,
    version,
    target: Deno.build.target,
    isCompiled: Deno.build.standalone,
    path: platform.programPath,
    release: brand.release,
  };
}
