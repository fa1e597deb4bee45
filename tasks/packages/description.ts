/** What every package of a release says about it: the one source of installers and manifests. */
import { archiveName, CHECKSUMS_FILE, releaseFileUrl } from "../../shared/release.ts";
import { readChecksums } from "../release/checksums.ts";

/** The one target of installers and manifests for Windows, whose ARM64 runs it too. */
export const WINDOWS_TARGET = "x86_64-pc-windows-msvc";

/** What packages need of shared/brand.ts. */
export interface Brand {
  binaryName: string;
  productName: string;
  envPrefix: string;
  folderName: string;
  release: {
    repository: string;
    url: string;
    signerWorkflow: string;
    maintainer: string;
    npmScope: string;
  };
}

/** The archive for one system. */
export interface Archive {
  name: string;
  url: string;
  /** In lower-case hexadecimal. */
  sha256: string;
}

/** What is known before a release is built. */
export interface ProductDescription {
  /** In pages and messages, such as `Acme Login`. */
  productName: string;
  /** The command, and the name of the package. */
  binaryName: string;
  /** Of environment variables. */
  envPrefix: string;
  /** Of the server's configuration in `/etc` and its data in `/var/lib`. */
  folderName: string;
  version: string;
  /** One sentence, without a period. */
  summary: string;
  /** As SPDX names it. */
  license: string;
  /** On GitHub: `owner/name`. */
  repository: string;
  homepage: string;
  /** Below it are the files of all releases. */
  releaseUrl: string;
  /** The workflow that the provenance names. */
  signerWorkflow: string;
  /** `Name <address>` */
  maintainer: string;
  /** On npm, without the `@`. */
  npmScope: string;
}

export interface PackageDescription extends ProductDescription {
  /** By target, as `Deno.build.target` names it. */
  archives: ReadonlyMap<string, Archive>;
}

export interface DescriptionOptions {
  brand: Brand;
  version: string;
  /** The text of SHA256SUMS. */
  checksums: string;
  targets: readonly string[];
}

/** Throws if a name could not be used in every package. */
export function describeProduct(brand: Brand, version: string): ProductDescription {
  const { binaryName, productName, envPrefix, folderName, release } = brand;
  requireForm("binaryName", binaryName, /^[a-z][a-z0-9-]+$/);
  requireForm("productName", productName, /^[^\p{C}"'`$\\]+$/u);
  requireForm("envPrefix", envPrefix, /^[A-Z][A-Z0-9_]*$/);
  requireForm("folderName", folderName, /^[A-Za-z0-9][\w.-]*$/);
  requireForm("version", version, /^\d[\dA-Za-z.+-]*$/);
  requireForm("release.repository", release.repository, /^[\w.-]+\/[\w.-]+$/);
  requireForm("release.url", release.url, /^https:\/\/[\w.:/~%-]+$/);
  requireForm("release.signerWorkflow", release.signerWorkflow, /^[\w./-]+$/);
  requireForm("release.maintainer", release.maintainer, /^[^\p{C}<>]+ <[\w.+-]+@[\w.-]+>$/u);
  requireForm("release.npmScope", release.npmScope, /^[a-z0-9][a-z0-9._-]*$/);
  return {
    productName,
    binaryName,
    envPrefix,
    folderName,
    version,
    summary: "OAuth authorization server and command line in one program",
    license: "MIT",
    repository: release.repository,
    homepage: `https://github.com/${release.repository}`,
    releaseUrl: release.url,
    signerWorkflow: release.signerWorkflow,
    maintainer: release.maintainer,
    npmScope: release.npmScope,
  };
}

/** Throws if a name could not be used in every package, or if no archive has a checksum. */
export function describePackage(options: DescriptionOptions): PackageDescription {
  const { brand, version, targets } = options;
  const product = describeProduct(brand, version);
  const { binaryName, releaseUrl } = product;
  const sums = readChecksums(options.checksums);
  const archives = new Map<string, Archive>();
  for (const target of targets) {
    const name = archiveName(version, target, binaryName);
    const sha256 = sums.get(name);
    if (sha256 === undefined) continue;
    archives.set(target, { name, url: releaseFileUrl(releaseUrl, version, name), sha256 });
  }
  if (archives.size === 0) {
    throw new Error(`${CHECKSUMS_FILE} has no archive of ${binaryName} ${version}.`);
  }
  return { ...product, archives };
}

/** The archive for a target; throws if the release has none. */
export function archiveFor(description: PackageDescription, target: string): Archive {
  const archive = description.archives.get(target);
  if (archive !== undefined) return archive;
  throw new Error(`The release has no archive for ${target}, which this package needs.`);
}

/** The texts go into scripts of two shells, Ruby, JSON and YAML. */
function requireForm(key: string, value: string, form: RegExp): void {
  if (!form.test(value)) throw new Error(`${key}: ${JSON.stringify(value)} cannot be packaged.`);
}
