/**
 * An RPM package of format 4, whose bytes depend only on what is in it.
 * https://rpm-software-management.github.io/rpm/manual/format_v4.html
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzip } from "../../release/tar.ts";
import { cpio } from "./cpio.ts";
import { isFolder, type LinuxPackage, type PackageFile, packageVersion } from "./package_file.ts";
import { rpmHeader, type RpmTag } from "./rpm_header.ts";
import { SIGNATURE_TAG, TAG } from "./rpm_tags.ts";

/** As RPM names and numbers the processor of each target. */
export const RPM_ARCHITECTURES: Readonly<Record<string, { name: string; number: number }>> = {
  "x86_64-unknown-linux-gnu": { name: "x86_64", number: 1 },
  "aarch64-unknown-linux-gnu": { name: "aarch64", number: 19 },
};

export interface RpmScripts {
  pre: string;
  post: string;
  preun: string;
  postun: string;
}

export interface RpmDependencies {
  requires: readonly string[];
  /** Before `pre` runs. */
  requiresForPre: readonly string[];
  recommends: readonly string[];
}

/** Of the package, not of the program. */
export const RPM_RELEASE = "1";

/** HEADERSIGNATURES and HEADERIMMUTABLE. */
const SIGNATURE_REGION = 62;
const HEADER_REGION = 63;
const SHA256_ALGORITHM = 8;

const FLAGS = {
  LESS: 1 << 1,
  EQUAL: 1 << 3,
  PRE: 1 << 9,
  POST: 1 << 10,
  PREUN: 1 << 11,
  POSTUN: 1 << 12,
  RPMLIB: 1 << 24,
};

const FILE_FLAGS = { CONFIG: 1, DOC: 1 << 1, NOREPLACE: 1 << 4 };

/** What rpm itself must know to read the package, and since when it does. */
const RPM_FEATURES = {
  "rpmlib(CompressedFileNames)": "3.0.4-1",
  "rpmlib(FileDigests)": "4.6.0-1",
  "rpmlib(PayloadFilesHavePrefix)": "4.0-1",
  "rpmlib(TildeInVersions)": "4.10.0-1",
};

export function rpm(
  described: LinuxPackage,
  scripts: RpmScripts,
  dependencies: RpmDependencies,
): Uint8Array {
  const files = described.files.toSorted((a, b) => bare(a) < bare(b) ? -1 : 1);
  const payload = cpio(files.map((file, position) => ({
    name: `.${bare(file)}`,
    content: file.content,
    mode: typedMode(file),
    inode: position + 1,
    seconds: described.seconds,
  })));
  const compressed = gzip(payload);
  const header = rpmHeader([
    ...aboutPackage(described),
    ...aboutScripts(scripts),
    ...aboutFiles(files, described.seconds),
    ...aboutDependencies(described, dependencies),
    { tag: TAG.PAYLOADFORMAT, value: { string: "cpio" } },
    { tag: TAG.PAYLOADCOMPRESSOR, value: { string: "gzip" } },
    { tag: TAG.PAYLOADFLAGS, value: { string: "9" } },
    { tag: TAG.PAYLOADDIGEST, value: { strings: [hash("sha256", compressed)] } },
    { tag: TAG.PAYLOADDIGESTALGO, value: { int32: [SHA256_ALGORITHM] } },
  ], HEADER_REGION);
  const signature = rpmHeader([
    { tag: SIGNATURE_TAG.SHA1, value: { string: hash("sha1", header) } },
    { tag: SIGNATURE_TAG.SHA256, value: { string: hash("sha256", header) } },
    { tag: SIGNATURE_TAG.SIZE, value: { int32: [header.length + compressed.length] } },
    { tag: SIGNATURE_TAG.PAYLOADSIZE, value: { int32: [payload.length] } },
  ], SIGNATURE_REGION);
  const padding = new Uint8Array((8 - signature.length % 8) % 8);
  return Buffer.concat([lead(described), signature, padding, header, compressed]);
}

/** What `file` recognizes; rpm reads only the header. */
function lead({ name, version, target }: LinuxPackage): Uint8Array {
  const bytes = Buffer.alloc(96);
  bytes.set([0xed, 0xab, 0xee, 0xdb, 3, 0]);
  bytes.writeUInt16BE(RPM_ARCHITECTURES[target].number, 8);
  bytes.write(`${name}-${packageVersion(version)}-${RPM_RELEASE}`.slice(0, 65), 10);
  // The operating system, and the type of the signature.
  bytes.writeUInt16BE(1, 76);
  bytes.writeUInt16BE(5, 78);
  return bytes;
}

function aboutPackage(described: LinuxPackage): RpmTag[] {
  const { name, version, summary, description, license, homepage, target, seconds } = described;
  return [
    { tag: TAG.HEADERI18NTABLE, value: { strings: ["C"] } },
    { tag: TAG.NAME, value: { string: name } },
    { tag: TAG.VERSION, value: { string: packageVersion(version) } },
    { tag: TAG.RELEASE, value: { string: RPM_RELEASE } },
    { tag: TAG.SUMMARY, value: { translated: summary } },
    { tag: TAG.DESCRIPTION, value: { translated: description.join("\n\n") } },
    { tag: TAG.BUILDTIME, value: { int32: [seconds] } },
    { tag: TAG.BUILDHOST, value: { string: "localhost" } },
    { tag: TAG.LICENSE, value: { string: license } },
    { tag: TAG.PACKAGER, value: { string: described.maintainer } },
    { tag: TAG.GROUP, value: { translated: "Unspecified" } },
    { tag: TAG.URL, value: { string: homepage } },
    { tag: TAG.OS, value: { string: "linux" } },
    { tag: TAG.ARCH, value: { string: RPM_ARCHITECTURES[target].name } },
    // Without one, rpm takes it for a package of sources.
    {
      tag: TAG.SOURCERPM,
      value: { string: `${name}-${packageVersion(version)}-${RPM_RELEASE}.src.rpm` },
    },
    { tag: TAG.ENCODING, value: { string: "utf-8" } },
  ];
}

function aboutScripts({ pre, post, preun, postun }: RpmScripts): RpmTag[] {
  return [pre, post, preun, postun].flatMap((script, position) => [
    { tag: TAG.PREIN + position, value: { string: script } },
    { tag: TAG.PREINPROG + position, value: { string: "/bin/sh" } },
  ]);
}

/** Parallel arrays, with an element for each file. */
function aboutFiles(files: readonly PackageFile[], seconds: number): RpmTag[] {
  const folderOf = (file: PackageFile) => bare(file).slice(0, bare(file).lastIndexOf("/") + 1);
  const folders = [...new Set(files.map(folderOf))];
  const int32 = (tag: number, of: (file: PackageFile, position: number) => number) => ({
    tag,
    value: { int32: files.map(of) },
  });
  const strings = (tag: number, of: (file: PackageFile) => string) => ({
    tag,
    value: { strings: files.map(of) },
  });
  const total = files.reduce((sum, { content }) => sum + content.length, 0);
  return [
    { tag: TAG.SIZE, value: { int32: [total] } },
    int32(TAG.FILESIZES, ({ content }) => content.length),
    { tag: TAG.FILEMODES, value: { int16: files.map(typedMode) } },
    { tag: TAG.FILERDEVS, value: { int16: files.map(() => 0) } },
    int32(TAG.FILEMTIMES, () => seconds),
    strings(TAG.FILEDIGESTS, ({ path, content }) => isFolder(path) ? "" : hash("sha256", content)),
    strings(TAG.FILELINKTOS, () => ""),
    int32(TAG.FILEFLAGS, fileFlags),
    strings(TAG.FILEUSERNAME, ({ owner }) => owner ?? "root"),
    strings(TAG.FILEGROUPNAME, ({ group }) => group ?? "root"),
    int32(TAG.FILEVERIFYFLAGS, () => -1),
    int32(TAG.FILEDEVICES, () => 1),
    int32(TAG.FILEINODES, (_, position) => position + 1),
    strings(TAG.FILELANGS, () => ""),
    int32(TAG.DIRINDEXES, (file) => folders.indexOf(folderOf(file))),
    strings(TAG.BASENAMES, (file) => bare(file).slice(folderOf(file).length)),
    { tag: TAG.DIRNAMES, value: { strings: folders } },
    { tag: TAG.FILEDIGESTALGO, value: { int32: [SHA256_ALGORITHM] } },
  ];
}

/** A changed configuration file stays (`%config(noreplace)`). */
function fileFlags({ kind }: PackageFile): number {
  return kind === "configuration"
    ? FILE_FLAGS.CONFIG | FILE_FLAGS.NOREPLACE
    : kind === "documentation"
    ? FILE_FLAGS.DOC
    : 0;
}

function aboutDependencies(described: LinuxPackage, dependencies: RpmDependencies): RpmTag[] {
  const { name } = described;
  const version = packageVersion(described.version);
  const features = Object.entries(RPM_FEATURES)
    .filter(([feature]) => feature !== "rpmlib(TildeInVersions)" || version.includes("~"));
  const scripts = FLAGS.PRE | FLAGS.POST | FLAGS.PREUN | FLAGS.POSTUN;
  const requires = [
    { name: "/bin/sh", flags: scripts, version: "" },
    ...dependencies.requires.map((name) => ({ name, flags: 0, version: "" })),
    ...dependencies.requiresForPre.map((name) => ({ name, flags: FLAGS.PRE, version: "" })),
    ...features.map(([name, version]) => ({
      name,
      flags: FLAGS.RPMLIB | FLAGS.LESS | FLAGS.EQUAL,
      version,
    })),
  ];
  const { recommends } = dependencies;
  return [
    { tag: TAG.PROVIDENAME, value: { strings: [name] } },
    { tag: TAG.PROVIDEFLAGS, value: { int32: [FLAGS.EQUAL] } },
    { tag: TAG.PROVIDEVERSION, value: { strings: [`${version}-${RPM_RELEASE}`] } },
    { tag: TAG.REQUIREFLAGS, value: { int32: requires.map(({ flags }) => flags) } },
    { tag: TAG.REQUIRENAME, value: { strings: requires.map(({ name }) => name) } },
    { tag: TAG.REQUIREVERSION, value: { strings: requires.map(({ version }) => version) } },
    { tag: TAG.RECOMMENDNAME, value: { strings: recommends } },
    { tag: TAG.RECOMMENDVERSION, value: { strings: recommends.map(() => "") } },
    { tag: TAG.RECOMMENDFLAGS, value: { int32: recommends.map(() => 0) } },
  ];
}

/** RPM names folders without a slash at the end. */
function bare({ path }: PackageFile): string {
  return isFolder(path) ? path.slice(0, -1) : path;
}

/** With the type, as in `st_mode`. */
function typedMode({ path, mode }: PackageFile): number {
  return (isFolder(path) ? 0o040000 : 0o100000) | mode;
}

function hash(algorithm: "sha1" | "sha256", bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex");
}
