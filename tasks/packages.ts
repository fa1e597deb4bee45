// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task packages [--version V] [--release DIR] [--output DIR] [--brand FILE]
 * [--add-to-release]`: writes the installers and manifests of the release whose SHA256SUMS is in
 * DIR, and from the archives there the packages for npm and what a container image is built from.
 * With `--add-to-release`, the installers are added to the release, and what repeats its
 * programs is not written.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CHECKSUMS_FILE } from "../shared/release.ts";
import { version } from "../shared/version.ts";
import { readBrand } from "./compile.ts";
import { addToRelease } from "./packages/add_to_release.ts";
import { describePackage } from "./packages/description.ts";
import { readReleaseArchive } from "./packages/release_archive.ts";
import { writePackages, writeProgramPackages } from "./packages/write_packages.ts";
import type { ArchiveFile } from "./release/archive_file.ts";
import { buildSeconds } from "./release/build_time.ts";
import { targets } from "./targets.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

const { values } = parseArgs({
  args: Deno.args,
  options: {
    version: { type: "string", default: version },
    release: { type: "string", default: join(dist, "release") },
    output: { type: "string", default: join(dist, "packages") },
    brand: { type: "string" },
    "add-to-release": { type: "boolean", default: false },
  },
});
const description = describePackage({
  brand: await readBrand(values.brand),
  version: values.version,
  checksums: await Deno.readTextFile(join(values.release, CHECKSUMS_FILE)),
  targets: targets.map(({ name }) => name),
});
const written = await writePackages(description, values.output);
for (const path of written) console.log(join(values.output, path));
if (values["add-to-release"]) {
  for (const path of await addToRelease(values.output, written, values.release)) console.log(path);
} else {
  await writeFromArchives();
}

async function writeFromArchives(): Promise<void> {
  const archives = new Map<string, readonly ArchiveFile[]>();
  for (const [target, archive] of description.archives) {
    const files = await readReleaseArchive(values.release, archive);
    if (files === undefined) {
      console.error(`Not written, because ${values.release} lacks ${archive.name}: npm, container`);
      return;
    }
    archives.set(target, files);
  }
  const options = { folder: values.output, seconds: await buildSeconds(root) };
  for (const path of await writeProgramPackages(description, archives, options)) {
    console.log(join(values.output, path));
  }
}
