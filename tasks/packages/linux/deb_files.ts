/** What Debian's policy asks of each package besides: a changelog, the copyright, and exceptions. */
import type { ArchiveFile } from "../../release/archive_file.ts";
import { gzip } from "../../release/tar.ts";
import type { ProductDescription } from "../description.ts";
import { type PackageFile, packageVersion } from "./package_file.ts";

/** Of lintian, which checks packages. */
const OVERRIDES = [
  "# The runtime is one file, and its libraries are updated with it.",
  "embedded-library",
  "# A name in a list of the runtime: the program starts xdg-open.",
  "missing-depends-on-sensible-utils",
  "# Secrets may be in them.",
  "non-standard-dir-perm",
  "non-standard-file-perm",
];

export function debFiles(
  product: ProductDescription,
  archive: readonly ArchiveFile[],
  seconds: number,
): PackageFile[] {
  const { binaryName: name, version, homepage, maintainer, releaseUrl } = product;
  const doc = `/usr/share/doc/${name}`;
  const license = archive.find((file) => file.name === "LICENSE")?.content;
  const text = (path: string, content: string): PackageFile => ({
    path,
    content: new TextEncoder().encode(content),
    mode: 0o644,
    kind: "documentation",
  });
  const changelog = `${name} (${packageVersion(version)}) stable; urgency=medium

  * Changes: ${releaseUrl}/tag/v${version}

 -- ${maintainer}  ${changelogDate(seconds)}
`;
  return [
    text(
      `${doc}/copyright`,
      `Source: ${homepage}\nLicenses of what the program contains: ${doc}/THIRD_PARTY_NOTICES\n\n` +
        new TextDecoder().decode(license),
    ),
    {
      ...text(`${doc}/changelog.gz`, ""),
      content: gzip(new TextEncoder().encode(changelog)),
    },
    text(
      `/usr/share/lintian/overrides/${name}`,
      OVERRIDES.map((line) => line.startsWith("#") ? `${line}\n` : `${name}: ${line}\n`).join(""),
    ),
  ];
}

/** As RFC 5322 writes it, in UTC. */
function changelogDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString().replace("GMT", "+0000");
}
