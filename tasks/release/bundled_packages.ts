/** The npm packages that the program is bundled from, with the versions that deno.lock pins. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmPackageFolder } from "../npm_package.ts";
import { runDeno } from "../run_deno.ts";
import { type Target, targets } from "../targets.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const ADD_ON = "@napi-rs/keyring";

export interface BundledPackage {
  name: string;
  version: string;
  /** Of its archive in the registry: `sha512-…`. */
  integrity: string;
  /** Keys, `name@version`, of other packages in the list. */
  dependencies: string[];
  /** The sources of the program import it. */
  isDirect: boolean;
  /** In Deno's package cache. */
  folder: string;
  /** As its package.json says, an SPDX expression. */
  license?: string;
}

interface Info {
  modules: { npmPackage?: string }[];
  /** With a lock file, all that it names. */
  npmPackages: Record<
    string,
    { name: string; version: string; dependencies: string[]; localPath: string }
  >;
}

interface Lock {
  npm: Record<string, { integrity: string }>;
}

/** All packages that main.ts reaches, and the keychain add-ons of all targets, sorted. */
export async function bundledPackages(): Promise<BundledPackage[]> {
  // Their licenses are read from Deno's package cache.
  await runDeno(["cache", "--quiet", "--lock=deno.lock", "--frozen", "main.ts"], { cwd: root });
  const { modules, npmPackages }: Info = JSON.parse(
    await runDeno(["info", "--json", "--lock=deno.lock", "--frozen", "main.ts"], { cwd: root }),
  );
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const direct = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  const keys = [...closure(direct, (key) => npmPackages[key].dependencies)]
    .filter((key) => targets.some((target) => isInProgram(npmPackages[key].name, target)))
    .sort();
  return await Promise.all(keys.map(async (key) => {
    const { name, version, dependencies, localPath } = npmPackages[key];
    const { integrity } = lock.npm[key];
    const folder = isPlatformAddOn(name)
      ? await npmPackageFolder({ name, version, integrity })
      : localPath;
    const { license } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
    return {
      ...{ name, version, integrity, folder, license },
      dependencies: dependencies.filter((dependency) => keys.includes(dependency)).sort(),
      isDirect: direct.has(key),
    };
  }));
}

/** `start`, and all that its members depend on. */
export function closure(
  start: Iterable<string>,
  dependencies: (key: string) => readonly string[],
): Set<string> {
  const reached = new Set(start);
  // A set iterates over what is added while it does.
  for (const key of reached) dependencies(key).forEach((dependency) => reached.add(dependency));
  return reached;
}

/** The keychain add-on is embedded for its own system only, and Linux has none. */
export function isInProgram(name: string, { keyring }: Target): boolean {
  if (name === ADD_ON) return keyring !== undefined;
  return !isPlatformAddOn(name) || name === `${ADD_ON}-${keyring}`;
}

function isPlatformAddOn(name: string): boolean {
  return name.startsWith(`${ADD_ON}-`);
}
