/** A Deno command that must succeed. */
export interface RunDenoOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Another Deno than the one running. */
  deno?: string;
}

/** A Deno command that failed, with what it wrote. */
export class DenoFailed extends Error {
  override name = "DenoFailed";
  constructor(args: readonly string[], readonly output: string) {
    super(`deno ${args[0]} failed:\n${output}`);
  }
}

/** Runs Deno with `args` and gives what it wrote to standard output; throws DenoFailed. */
export async function runDeno(args: string[], options: RunDenoOptions = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(options.deno ?? Deno.execPath(), {
    args,
    cwd: options.cwd,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new DenoFailed(args, decode(stdout) + decode(stderr));
  return decode(stdout);
}
