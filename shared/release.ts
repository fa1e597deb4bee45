/**
 * Names of a release's files. `deno task release` writes them, and the installers and `upgrade`
 * find them by the same functions.
 *
 * A release is a folder of files below `brand.release.url`, laid out as GitHub does:
 * `download/v1.2.3/FILE` for one version, and `latest/download/FILE` for the newest one. A mirror is
 * any web server with these paths.
 */
import { brand } from "./brand.ts";

/** One line for each other file, as `sha256sum` writes it: the hash, two spaces, the name. */
export const CHECKSUMS_FILE = "SHA256SUMS";

/**
 * A Sigstore bundle with an in-toto statement of SLSA provenance, whose subjects are the files that
 * SHA256SUMS lists.
 */
export const PROVENANCE_FILE = "provenance.sigstore.json";

/** Base name of the archive and of the folder in it: `NAME-1.2.3-x86_64-unknown-linux-gnu`. */
export function archiveFolder(version: string, target: string, name = ownName()): string {
  return `${name}-${version}-${target}`;
}

/** The archive for a target as `Deno.build.target` names it: .zip for Windows, else .tar.gz. */
export function archiveName(version: string, target: string, name = ownName()): string {
  return archiveFolder(version, target, name) + (isWindows(target) ? ".zip" : ".tar.gz");
}

/** Path of the program in its archive. */
export function programInArchive(version: string, target: string, name = ownName()): string {
  const suffix = isWindows(target) ? ".exe" : "";
  return `${archiveFolder(version, target, name)}/${name}${suffix}`;
}

/** Where a file of a certain version is. */
export function releaseFileUrl(base: string, version: string, file: string): string {
  return `${withoutSlash(base)}/download/v${version}/${file}`;
}

/** Where a file of the newest version is. The names in its SHA256SUMS contain the version. */
export function latestFileUrl(base: string, file: string): string {
  return `${withoutSlash(base)}/latest/download/${file}`;
}

/** A release of another brand passes its name. */
function ownName(): string {
  return brand.binaryName;
}

function isWindows(target: string): boolean {
  return target.includes("-windows-");
}

function withoutSlash(base: string): string {
  return base.endsWith("/") ? base.slice(0, -1) : base;
}
