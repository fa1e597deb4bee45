/** Programs on PATH, and this one among them. */
import { isAbsolute, join } from "../../shared/path.ts";
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";

type PathIo = Pick<ClientIo, "env" | "platform">;

/** The path of the first program of this name on PATH that is not this one. */
export async function nextProgram(name: string, io: PathIo): Promise<string | undefined> {
  const own = await fileAt(io.platform.programPath);
  for (const path of pathsOf(name, io)) {
    const file = await fileAt(path);
    if (file !== undefined && file !== own) return path;
  }
  return undefined;
}

/**
 * The path of this program for configurations: as PATH has it, so that it stays the same after an
 * upgrade that moves the file behind a link.
 */
export async function stableProgramPath(io: PathIo): Promise<string> {
  const own = await fileAt(io.platform.programPath);
  for (const path of pathsOf(brand.binaryName, io)) {
    if (own !== undefined && await fileAt(path) === own) return path;
  }
  return io.platform.programPath;
}

function pathsOf(name: string, { env, platform }: PathIo): string[] {
  const windows = platform.os === "windows";
  return (env.PATH ?? env.Path ?? "").split(windows ? ";" : ":").filter(isAbsolute)
    .map((folder) => join(folder, windows ? `${name}.exe` : name));
}

/** The file behind all links; undefined if there is none. */
async function fileAt(path: string): Promise<string | undefined> {
  try {
    const real = await Deno.realPath(path);
    return (await Deno.stat(real)).isFile ? real : undefined;
  } catch {
    return undefined;
  }
}
