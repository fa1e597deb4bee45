/** Writes the installers and manifests of a release. */
import { dirname, join } from "node:path";
import { type PackageDescription, WINDOWS_TARGET } from "./description.ts";
import { HOMEBREW_TARGETS, homebrewFormula } from "./homebrew.ts";
import { installPs1, installSh } from "./install_scripts.ts";
import { scoopManifest } from "./scoop.ts";
import { wingetManifests } from "./winget.ts";

/** Returns the paths below the folder. A manifest whose archives the release lacks is not written. */
export async function writePackages(
  description: PackageDescription,
  folder: string,
): Promise<string[]> {
  const { archives, binaryName } = description;
  const files: { path: string; text: string }[] = [];
  const systems = [...archives.keys()];
  if (systems.some((target) => target !== WINDOWS_TARGET)) {
    files.push({ path: "install.sh", text: await installSh(description) });
  }
  if (archives.has(WINDOWS_TARGET)) {
    files.push(
      { path: "install.ps1", text: await installPs1(description) },
      { path: `scoop/${binaryName}.json`, text: scoopManifest(description) },
      ...wingetManifests(description).map(({ path, text }) => ({ path: `winget/${path}`, text })),
    );
  }
  if (HOMEBREW_TARGETS.every((target) => archives.has(target))) {
    files.push({ path: `homebrew/${binaryName}.rb`, text: homebrewFormula(description) });
  }
  for (const { path, text } of files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
  return files.map(({ path }) => path);
}
