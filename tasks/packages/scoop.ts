/** A manifest for a bucket of Scoop. */
import { archiveFolder, CHECKSUMS_FILE, releaseFileUrl } from "../../shared/release.ts";
import { archiveFor, type PackageDescription, WINDOWS_TARGET } from "./description.ts";

export function scoopManifest(description: PackageDescription): string {
  const { binaryName, version, summary, homepage, license, releaseUrl } = description;
  const { url, sha256 } = archiveFor(description, WINDOWS_TARGET);
  // Scoop's name for the version that it updates to.
  const next = "$version";
  const nextFolder = archiveFolder(next, WINDOWS_TARGET, binaryName);
  const manifest = {
    version,
    description: summary,
    homepage,
    license,
    architecture: {
      "64bit": {
        url,
        hash: sha256,
        extract_dir: archiveFolder(version, WINDOWS_TARGET, binaryName),
      },
    },
    bin: `${binaryName}.exe`,
    checkver: { github: homepage },
    autoupdate: {
      architecture: {
        "64bit": {
          url: releaseFileUrl(releaseUrl, next, `${nextFolder}.zip`),
          extract_dir: nextFolder,
        },
      },
      hash: { url: releaseFileUrl(releaseUrl, next, CHECKSUMS_FILE) },
    },
  };
  return JSON.stringify(manifest, null, 2) + "\n";
}
