// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * `deno task packages [--version V] [--release DIR] [--output DIR] [--brand FILE]
 * [--add-to-release]`: writes the installers and manifests of the release whose SHA256SUMS is in
 * DIR. With `--add-to-release`, the installers are added to it.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CHECKSUMS_FILE } from "../shared/release.ts";
import { version } from "../shared/version.ts";
import { readBrand } from "./compile.ts";
import { addToRelease } from "./packages/add_to_release.ts";
import { describePackage } from "./packages/description.ts";
import { writePackages } from "./packages/write_packages.ts";
import { targets } from "./targets.ts";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

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
}
