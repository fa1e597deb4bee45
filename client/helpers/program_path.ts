/** Programs on PATH, and this one among them. */
import { isAbsolute, join } from "../../shared/path.ts";
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";

type PathIo = Pick<ClientIo, "env" | "platform">;

/**
 * The path of the program of this name that comes after this one on PATH, so that two copies of
 * this program do not start each other without end; of the first one if this one is not on PATH.
 */
export async function nextProgram(name: string, io: PathIo): Promise<string | undefined> {
  const own = await fileAt(io.platform.programPath);
  const paths = pathsOf(name, io);
  const files = await Promise.all(paths.map(fileAt));
  const start = own === undefined ? 0 : files.indexOf(own) + 1;
  return paths.find((_, index) =>
    index >= start && files[index] !== undefined && files[index] !== own
  );
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
