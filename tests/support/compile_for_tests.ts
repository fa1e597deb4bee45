/** The program for tests: the same build, with a stand-in if the runtime cannot be downloaded. */
import { compile, type CompileOptions } from "../../tasks/compile.ts";
import { DenoFailed } from "../../tasks/run_deno.ts";
import { targetNamed } from "../../tasks/targets.ts";
import { standInRuntime } from "./stand_in_runtime.ts";

export interface CompiledForTests {
  path: string;
  /** Whether Deno's own runtime could not be downloaded. */
  standIn: boolean;
}

/** Compiles for this machine. */
export async function compileForTests(
  options: Pick<CompileOptions, "outputFolder" | "brandFile">,
): Promise<CompiledForTests> {
  const forThisMachine = { ...options, target: targetNamed() };
  try {
    return { path: await compile(forThisMachine), standIn: false };
  } catch (error) {
    if (!(error instanceof DenoFailed) || !/denort|base binary/i.test(error.output)) throw error;
    const runtime = await standInRuntime();
    return { path: await compile({ ...forThisMachine, runtime }), standIn: true };
  }
}
