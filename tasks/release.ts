// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task release [--targets NAME,…] [--brand FILE] [--output DIR] [--runtime stand-in]
 * [--unreleased]`: one archive for each target, packages for Linux, a bill of materials, the notes,
 * and SHA256SUMS. The same sources give the same bytes in any folder at any time.
 *
 * So that programs can be signed in between, `--compile-to DIR` only compiles them, as
 * DIR/TARGET/NAME, and `--programs DIR` packs what is there. `--tag`, `--repository` and
 * `--signer-workflow` are compared with the version and the brand first.
 */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { archiveFolder, archiveName, CHECKSUMS_FILE, programInArchive } from "../shared/release.ts";
import { brand as ownBrand } from "../shared/brand.ts";
import { version } from "../shared/version.ts";
import { readBrand } from "./compile.ts";
import { renamePage } from "./docs_names.ts";
import { describeProduct } from "./packages/description.ts";
import { linuxPackages } from "./packages/linux/linux_packages.ts";
import { pinnedDeno } from "./pinned_deno.ts";
import { writeReferenceFiles } from "./reference/write_reference_files.ts";
import { filesBelow, sortedByName } from "./release/archive_file.ts";
import { buildSeconds } from "./release/build_time.ts";
import { type BundledPackage, bundledPackages, isInProgram } from "./release/bundled_packages.ts";
import { checksums } from "./release/checksums.ts";
import { compilePrograms, programPath } from "./release/compile_programs.ts";
import { embeddedSoftware } from "./release/embedded_software.ts";
import { inspectExecutable } from "./release/executable.ts";
import { licenseText } from "./release/license_text.ts";
import {
  changelogSection,
  NOTES_FILE,
  UNRELEASED,
  withAbsoluteLinks,
  withoutLinks,
} from "./release/release_notes.ts";
import { checkBrandShape, checkReleaseRun } from "./release/release_run.ts";
import { sbom, sbomFile } from "./release/sbom.ts";
import { type PackedProgram, signatureNotes } from "./release/signature_notes.ts";
import { tarGz } from "./release/tar.ts";
import { type Notice, NOTICES_FILE, thirdPartyNotices } from "./release/third_party_notices.ts";
import { zip } from "./release/zip.ts";
import { targetNamed, targets } from "./targets.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

const { values } = parseArgs({
  args: Deno.args,
  options: {
    targets: { type: "string", default: targets.map(({ name }) => name).join(",") },
    brand: { type: "string" },
    output: { type: "string", default: join(root, "dist", "release") },
    runtime: { type: "string" },
    /** With the notes of what has no version yet. */
    unreleased: { type: "boolean", default: false },
    "compile-to": { type: "string" },
    programs: { type: "string" },
    tag: { type: "string" },
    repository: { type: "string" },
    "signer-workflow": { type: "string" },
  },
});
const pinned = await pinnedDeno();
if (Deno.version.deno !== pinned) {
  console.error(`This is Deno ${Deno.version.deno}; releases are built with ${pinned}.`);
  Deno.exit(1);
}
try {
  await writeRelease();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}

async function writeRelease(): Promise<void> {
  const brandFile = values.brand === undefined ? undefined : resolve(values.brand);
  const brand = await readBrand(brandFile);
  const { binaryName, release } = brand;
  // What may be missing or mistyped comes first, before the minutes that compiling takes.
  checkBrandShape(brand, ownBrand);
  const product = describeProduct(brand, version);
  const { tag, repository } = values;
  checkReleaseRun({ tag, repository, signerWorkflow: values["signer-workflow"] }, brand, version);
  const section = changelogSection(
    await Deno.readTextFile(join(root, "CHANGELOG.md")),
    values.unreleased ? UNRELEASED : version,
  );
  // The repository of another brand does not have the pages that are linked to.
  const notes = brandFile === undefined
    ? withAbsoluteLinks(section, `https://github.com/${release.repository}/blob/v${version}`)
    : renamePage(withoutLinks(section), brand);
  const packages = await bundledPackages();
  const licenses = await packageNotices(packages);
  const software = await embeddedSoftware();
  const chosen = values.targets.split(",").map((name) => targetNamed(name));
  const { runtime } = values;
  if (values["compile-to"] !== undefined) {
    await compilePrograms(chosen, { folder: values["compile-to"], brandFile, runtime });
    return;
  }
  const seconds = await buildSeconds(root);
  await Deno.mkdir(values.output, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "release-" });
  const sums = new Map<string, string>();
  const write = async (name: string, content: Uint8Array) => {
    const path = join(values.output, name);
    await Deno.writeFile(path, content);
    sums.set(name, createHash("sha256").update(content).digest("hex"));
    console.log(path);
  };
  const packed: PackedProgram[] = [];
  try {
    const programs = values.programs ?? join(work, "programs");
    if (values.programs === undefined) {
      await compilePrograms(chosen, { folder: programs, brandFile, runtime });
    }
    const reference = join(work, "reference");
    const date = new Date(seconds * 1000).toISOString().slice(0, 10);
    await writeReferenceFiles({ folder: reference, date, brandFile });
    const everywhere = [
      ...await filesBelow(reference),
      { name: "LICENSE", content: await Deno.readFile(join(root, "LICENSE")), executable: false },
    ];
    const bill = sbom({ name: binaryName, version, license: "MIT", seconds, packages, software });
    await write(sbomFile(binaryName, version), new TextEncoder().encode(bill));
    for (const target of chosen) {
      const { name } = target;
      const content = await Deno.readFile(programPath(programs, target, binaryName));
      packed.push({ target: name, executable: inspectExecutable(content) });
      const folder = archiveFolder(version, name, binaryName);
      const notices = thirdPartyNotices(`${binaryName} ${version}`, [
        ...software,
        ...licenses.filter(({ name }) => isInProgram(name, target)),
      ]);
      const files = sortedByName([
        { content, executable: true, name: programInArchive(version, name, binaryName) },
        {
          name: `${folder}/${NOTICES_FILE}`,
          content: new TextEncoder().encode(notices),
          executable: false,
        },
        ...everywhere.map((file) => ({ ...file, name: `${folder}/${file.name}` })),
      ]);
      const archive = archiveName(version, name, binaryName);
      await write(archive, archive.endsWith(".zip") ? zip(files, seconds) : tarGz(files, seconds));
      const linux = await linuxPackages({ product, target: name, archive: files, seconds });
      for (const { name, content } of linux) await write(name, content);
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  await Deno.writeTextFile(join(values.output, CHECKSUMS_FILE), checksums(sums));
  await Deno.writeTextFile(
    join(values.output, NOTES_FILE),
    [notes, signatureNotes(packed)].filter((text) => text !== "").join("\n"),
  );
}

async function packageNotices(packages: readonly BundledPackage[]): Promise<Notice[]> {
  return await Promise.all(packages.map(async (bundled) => ({
    name: bundled.name,
    version: bundled.version,
    license: bundled.license ?? "see below",
    text: await licenseText(bundled),
  })));
}
