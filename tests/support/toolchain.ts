/** Compilers and runtimes of other languages on this machine, for tests of programs in them. */
import { dirname, join } from "node:path";
import { programPath } from "./reverse_proxy.ts";

/** What programs such as `cargo` need in their environment, although the home is another. */
export async function toolchainEnv(program: string): Promise<Record<string, string>> {
  if (program !== "cargo") return {};
  // The proxies of rustup are in ~/.cargo/bin, beside the compilers in ~/.rustup.
  const home = dirname(dirname(dirname(await programPath("cargo"))));
  return { RUSTUP_HOME: Deno.env.get("RUSTUP_HOME") ?? join(home, ".rustup") };
}

/** Whether a program is there and runs. */
export async function isUsable(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(await programPath(program), {
      args: [program === "go" ? "version" : "--version"],
      env: await toolchainEnv(program),
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
