/**
 * Packages for npm: one for each system with its program, and one that starts the program of the
 * system. npm installs the right one by `os`, `cpu` and `libc`; no script runs.
 */
import type { ArchiveFile } from "../../release/archive_file.ts";
import { sortedByName } from "../../release/archive_file.ts";
import { tarGz } from "../../release/tar.ts";
import { NOTICES_FILE } from "../../release/third_party_notices.ts";
import type { ProductDescription } from "../description.ts";

interface System {
  /** In the package's name. */
  name: string;
  os: string;
  /** Windows on ARM runs the other program. */
  cpu: readonly string[];
  libc?: string;
}

const SYSTEMS: Readonly<Record<string, System>> = {
  "x86_64-unknown-linux-gnu": { name: "linux-x64", os: "linux", cpu: ["x64"], libc: "glibc" },
  "aarch64-unknown-linux-gnu": { name: "linux-arm64", os: "linux", cpu: ["arm64"], libc: "glibc" },
  "x86_64-apple-darwin": { name: "darwin-x64", os: "darwin", cpu: ["x64"] },
  "aarch64-apple-darwin": { name: "darwin-arm64", os: "darwin", cpu: ["arm64"] },
  "x86_64-pc-windows-msvc": { name: "win32-x64", os: "win32", cpu: ["x64", "arm64"] },
};

export interface NpmPackage {
  /** As `npm pack` names it. */
  file: string;
  content: Uint8Array;
}

/** `seconds` is the time of the files. */
export function npmProgramPackage(
  product: ProductDescription,
  target: string,
  archive: readonly ArchiveFile[],
  seconds: number,
): NpmPackage {
  const { name, os, cpu, libc } = SYSTEMS[target];
  const { binaryName } = product;
  const program = os === "win32" ? `${binaryName}.exe` : binaryName;
  const included = new Map([
    [program, `bin/${program}`],
    ["LICENSE", "LICENSE"],
    [NOTICES_FILE, NOTICES_FILE],
  ]);
  const files = archive.flatMap((file) => {
    const path = included.get(file.name);
    return path === undefined ? [] : [{ ...file, name: path }];
  });
  if (files.length !== included.size) throw new Error(`The archive of ${target} lacks a file.`);
  const manifest = {
    name: programPackage(product, name),
    ...common(product),
    description: `The program of ${binaryName} for ${name}`,
    os: [os],
    cpu,
    ...libc === undefined ? {} : { libc: [libc] },
    // A package manager that keeps packages in archives must unpack it.
    preferUnplugged: true,
  };
  return pack(manifest, files, seconds);
}

/** The package that users install, for the targets of the release. */
export async function npmLauncherPackage(
  product: ProductDescription,
  targets: readonly string[],
  license: Uint8Array,
  seconds: number,
): Promise<NpmPackage> {
  const { binaryName, summary, homepage, version } = product;
  const systems = targets.map((target) => SYSTEMS[target]);
  const packages = Object.fromEntries(
    systems.flatMap(({ name, os, cpu }) =>
      cpu.map((cpu) => [`${os}-${cpu}`, programPackage(product, name)])
    ),
  );
  const readme = fillText(await read("README.md"), {
    NAME: binaryName,
    SUMMARY: summary,
    HOMEPAGE: homepage,
    SYSTEMS: systems.map(({ name }) => `- \`${programPackage(product, name)}\``).join("\n"),
  });
  const script = (await read("launcher.js"))
    .replace('"@NAME@"', JSON.stringify(binaryName))
    .replace('"@PACKAGES@"', JSON.stringify(packages, null, 2));
  const text = (content: string) => new TextEncoder().encode(content);
  const launcher = `bin/${binaryName}.js`;
  const manifest = {
    name: binaryName,
    ...common(product),
    description: summary,
    bin: { [binaryName]: launcher },
    engines: { node: ">=18" },
    // One version: a launcher never starts another program than it was published with.
    optionalDependencies: Object.fromEntries(
      systems.map(({ name }) => [programPackage(product, name), version]),
    ),
  };
  return pack(manifest, [
    { name: "LICENSE", content: license, executable: false },
    { name: "README.md", content: text(readme), executable: false },
    { name: launcher, content: text(script), executable: true },
  ], seconds);
}

function read(file: string): Promise<string> {
  return Deno.readTextFile(new URL(file, import.meta.url));
}

function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/@([A-Z]+)@/g, (_, key) => values[key]);
}

function programPackage({ npmScope, binaryName }: ProductDescription, system: string): string {
  return `@${npmScope}/${binaryName}-${system}`;
}

function common({ version, license, homepage, repository }: ProductDescription) {
  return {
    version,
    license,
    homepage,
    repository: { type: "git", url: `git+https://github.com/${repository}.git` },
    // npm keeps packages of an organization private unless they say this.
    publishConfig: { access: "public" },
  };
}

function pack(
  manifest: { name: string; version: string },
  files: readonly ArchiveFile[],
  seconds: number,
): NpmPackage {
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  const all = [{ name: "package.json", content: text, executable: false }, ...files];
  return {
    file: `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`,
    content: tarGz(
      sortedByName(all.map((file) => ({ ...file, name: `package/${file.name}` }))),
      seconds,
    ),
  };
}
