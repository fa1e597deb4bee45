/** A Debian package (deb(5)), whose bytes depend only on what is in it. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { sortedByName } from "../../release/archive_file.ts";
import { gzip, tar, type TarEntry } from "../../release/tar.ts";
import { isFolder, type LinuxPackage, type PackageFile, packageVersion } from "./package_file.ts";

/** As Debian names the processor of each target. */
export const DEB_ARCHITECTURES: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

/** By the name of a maintainer script. */
export type DebScripts = Readonly<Record<string, string>>;

export interface DebDependencies {
  depends: readonly string[];
  recommends: readonly string[];
}

/** Files are owned by root: users need not exist yet, and a script gives files to them. */
export function deb(
  described: LinuxPackage,
  scripts: DebScripts,
  dependencies: DebDependencies,
): Uint8Array {
  const { seconds, files } = described;
  const text = (content: string) => new TextEncoder().encode(content);
  const configuration = files.filter(({ kind }) => kind === "configuration");
  const controlFiles: TarEntry[] = [
    { name: "./control", content: text(control(described, dependencies)), mode: 0o644 },
    {
      name: "./conffiles",
      content: text(configuration.map(({ path }) => `${path}\n`).join("")),
      mode: 0o644,
    },
    { name: "./md5sums", content: text(md5sums(files)), mode: 0o644 },
    ...Object.entries(scripts).map(([name, script]) => ({
      name: `./${name}`,
      content: text(script),
      mode: 0o755,
    })),
  ];
  const data = withFolders(files.map(({ path, content, mode }) => ({
    name: `.${path}`,
    content,
    mode,
  })));
  const archive = (entries: readonly TarEntry[]) => gzip(tar(entries, seconds));
  return ar([
    { name: "debian-binary", content: text("2.0\n") },
    { name: "control.tar.gz", content: archive(withFolders(controlFiles)) },
    { name: "data.tar.gz", content: archive(data) },
  ], seconds);
}

function control(described: LinuxPackage, { depends, recommends }: DebDependencies): string {
  const { name, version, target, summary, description, homepage, maintainer, files } = described;
  const kilobytes = files.map(({ content }) => Math.ceil(content.length / 1024));
  const paragraphs = description.map((text) => ` ${text.replaceAll("\n", "\n ")}\n`);
  return `Package: ${name}
Version: ${packageVersion(version)}
Architecture: ${DEB_ARCHITECTURES[target]}
Maintainer: ${maintainer}
Installed-Size: ${kilobytes.reduce((sum, size) => sum + size, 0)}
Depends: ${depends.join(", ")}
Recommends: ${recommends.join(", ")}
Section: net
Priority: optional
Homepage: ${homepage}
Description: ${summary}
${paragraphs.join(" .\n")}`;
}

/** `dpkg --verify` compares with them. Those of configuration files are known to dpkg. */
function md5sums(files: readonly PackageFile[]): string {
  return files.filter(({ path, kind }) => !isFolder(path) && kind !== "configuration")
    .map(({ path, content }) => {
      const sum = createHash("md5").update(content).digest("hex");
      return `${sum}  ${path.slice(1)}\n`;
    }).join("");
}

/** Sorted, with the folders that are not listed: dpkg creates none. */
function withFolders(entries: readonly TarEntry[]): TarEntry[] {
  const byName = new Map<string, TarEntry>();
  for (const { name } of entries) {
    for (let slash = name.indexOf("/"); slash !== -1; slash = name.indexOf("/", slash + 1)) {
      const folder = name.slice(0, slash + 1);
      byName.set(folder, { name: folder, content: new Uint8Array(), mode: 0o755 });
    }
  }
  for (const entry of entries) byName.set(entry.name, entry);
  return sortedByName([...byName.values()]);
}

/** The format of ar(5) that dpkg reads. */
function ar(members: readonly { name: string; content: Uint8Array }[], seconds: number) {
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    ...members.flatMap(({ name, content }) => {
      const fields: [string | number, number][] = [
        [name, 16],
        [seconds, 12],
        ["0", 6],
        ["0", 6],
        ["100644", 8],
        [content.length, 10],
      ];
      const header = fields.map(([value, width]) => String(value).padEnd(width)).join("");
      return [Buffer.from(`${header}\`\n`), content, Buffer.from("\n".repeat(content.length % 2))];
    }),
  ]);
}
