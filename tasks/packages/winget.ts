/** The three manifests of a version in winget's repository, with the paths that it has for them. */
import { stringify } from "yaml";
import { programInArchive } from "../../shared/release.ts";
import { archiveFor, type PackageDescription, WINDOWS_TARGET } from "./description.ts";

const SCHEMA_VERSION = "1.10.0";
const LOCALE = "en-US";

export interface ManifestFile {
  /** Below winget's folder `manifests`. */
  path: string;
  text: string;
}

export function wingetManifests(description: PackageDescription): ManifestFile[] {
  const { binaryName, productName, version, summary, homepage, license } = description;
  const [publisher] = description.repository.split("/");
  const identifier = `${publisher}.${binaryName}`;
  const folder = `${publisher.slice(0, 1).toLowerCase()}/${publisher}/${binaryName}/${version}`;
  const { url, sha256 } = archiveFor(description, WINDOWS_TARGET);
  const manifest = (type: string, file: string, content: Record<string, unknown>) => ({
    path: `${folder}/${file}`,
    text:
      `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${type}.${SCHEMA_VERSION}.schema.json\n\n` +
      stringify({
        PackageIdentifier: identifier,
        PackageVersion: version,
        ...content,
        ManifestType: type,
        ManifestVersion: SCHEMA_VERSION,
      }, { lineWidth: 0 }),
  });
  return [
    manifest("version", `${identifier}.yaml`, { DefaultLocale: LOCALE }),
    manifest("installer", `${identifier}.installer.yaml`, {
      InstallerType: "zip",
      NestedInstallerType: "portable",
      NestedInstallerFiles: [{
        RelativeFilePath: programInArchive(version, WINDOWS_TARGET, binaryName).replaceAll(
          "/",
          "\\",
        ),
        PortableCommandAlias: binaryName,
      }],
      Installers: [{
        Architecture: "x64",
        InstallerUrl: url,
        InstallerSha256: sha256.toUpperCase(),
      }],
    }),
    manifest("defaultLocale", `${identifier}.locale.${LOCALE}.yaml`, {
      PackageLocale: LOCALE,
      Publisher: publisher,
      PackageName: productName,
      PackageUrl: homepage,
      License: license,
      ShortDescription: summary,
      Moniker: binaryName,
    }),
  ];
}
