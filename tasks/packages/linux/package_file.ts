/** A file or folder that a package for Linux installs. */
export interface PackageFile {
  /** Absolute; ends with a slash for a folder. */
  path: string;
  content: Uint8Array;
  /** Permissions. */
  mode: number;
  /** root by default. */
  owner?: string;
  group?: string;
  kind?: "configuration" | "documentation";
}

export function isFolder(path: string): boolean {
  return path.endsWith("/");
}

export interface LinuxPackage {
  name: string;
  version: string;
  summary: string;
  /** Paragraphs. */
  description: readonly string[];
  license: string;
  homepage: string;
  maintainer: string;
  /** As `Deno.build.target` names it. */
  target: string;
  files: readonly PackageFile[];
  /** Of the files, the package and what it was built from. */
  seconds: number;
}

/** Versions before a release sort before it with a tilde: `1.0.0~rc.1`. */
export function packageVersion(version: string): string {
  return version.replace("-", "~");
}
