/** Puts the installers among the files of the release that they install. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { CHECKSUMS_FILE } from "../../shared/release.ts";
import { checksums, readChecksums } from "../release/checksums.ts";

/** Manifests are published in repositories of their own. */
const INSTALLER = /(?:^|\/)install\.(?:sh|ps1)$/;

/** Copies the installers among `paths`, below `folder`, and lists them in SHA256SUMS. */
export async function addToRelease(
  folder: string,
  paths: readonly string[],
  release: string,
): Promise<string[]> {
  const sumsFile = join(release, CHECKSUMS_FILE);
  const sums = readChecksums(await Deno.readTextFile(sumsFile));
  const added: string[] = [];
  for (const path of paths.filter((path) => INSTALLER.test(path))) {
    const content = await Deno.readFile(join(folder, path));
    const copy = join(release, basename(path));
    await Deno.writeFile(copy, content);
    sums.set(basename(path), createHash("sha256").update(content).digest("hex"));
    added.push(copy);
  }
  await Deno.writeTextFile(sumsFile, checksums(sums));
  return added;
}
