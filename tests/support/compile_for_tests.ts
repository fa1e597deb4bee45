/** The program as tests drive it: as it is released, but with a stand-in where Deno's runtime cannot be downloaded. */
import {
  compile,
  type CompiledProgram,
  type CompileOptions,
  type CompileRuntime,
} from "../../tasks/compile.ts";
import { DenoFailed } from "../../tasks/run_deno.ts";
import { targetNamed } from "../../tasks/targets.ts";
import { standInRuntime } from "./stand_in_runtime.ts";

export interface CompiledForTests extends CompiledProgram {
  /** The stand-in; undefined with Deno's own. */
  runtime?: CompileRuntime;
}

/** Compiles for this machine. */
export async function compileForTests(
  options: Pick<CompileOptions, "outputFolder" | "brandFile">,
): Promise<CompiledForTests> {
  const forThisMachine = { ...options, target: targetNamed() };
  try {
    return await compile(forThisMachine);
  } catch (error) {
    if (!(error instanceof DenoFailed) || !/denort|base binary/i.test(error.output)) throw error;
    const runtime = await standInRuntime();
    return { ...await compile({ ...forThisMachine, runtime }), runtime };
  }
}
