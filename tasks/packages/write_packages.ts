/** Writes the installers, manifests and packages of a release. */
import { dirname, join } from "node:path";
import type { ArchiveFile } from "../release/archive_file.ts";
import { type Archives, CONTAINER_PLATFORMS, containerFiles } from "./container/container_files.ts";
import { type PackageDescription, WINDOWS_TARGET } from "./description.ts";
import { HOMEBREW_TARGETS, homebrewFormula } from "./homebrew.ts";
import { installPs1, installSh } from "./install_scripts.ts";
import { npmLauncherPackage, npmProgramPackage } from "./npm/npm_packages.ts";
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
  return await writeFiles(
    files.map(({ path, text }) => ({
      name: path,
      content: new TextEncoder().encode(text),
      executable: false,
    })),
    folder,
  );
}

/**
 * Writes what has the programs in it, from the files of the archives. Returns the paths below the
 * folder.
 */
export async function writeProgramPackages(
  description: PackageDescription,
  archives: Archives,
  { folder, seconds }: { folder: string; seconds: number },
): Promise<string[]> {
  const npm = await npmPackages(description, archives, seconds);
  const hasContainer = Object.keys(CONTAINER_PLATFORMS).some((target) => archives.has(target));
  const container = hasContainer ? await containerFiles(description, archives) : [];
  return await writeFiles([
    ...npm.map(({ file, content }) => ({ name: `npm/${file}`, content, executable: false })),
    ...container.map((file) => ({ ...file, name: `container/${file.name}` })),
  ], folder);
}

async function npmPackages(description: PackageDescription, archives: Archives, seconds: number) {
  const programs = [...archives].map(([target, archive]) =>
    npmProgramPackage(description, target, archive, seconds)
  );
  const license = [...archives.values()].flat().find(({ name }) => name === "LICENSE");
  if (license === undefined) return [];
  const targets = [...archives.keys()];
  const launcher = await npmLauncherPackage(description, targets, license.content, seconds);
  return [...programs, launcher];
}

async function writeFiles(files: readonly ArchiveFile[], folder: string): Promise<string[]> {
  for (const { name, content, executable } of files) {
    const path = join(folder, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, content);
    await Deno.chmod(path, executable ? 0o755 : 0o644);
  }
  return files.map(({ name }) => name);
}
