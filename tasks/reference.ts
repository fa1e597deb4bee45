// deno-lint-ignore-file no-console -- a task prints to its terminal
/**
 * Writes manual pages and completion scripts, for packages:
 * `deno run -A tasks/reference.ts --folder FOLDER [--date 2026-11-27] [--brand my_brand.ts]`.
 * Prints the paths as JSON.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeReferenceFiles } from "./reference/write_reference_files.ts";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    date: { type: "string", default: new Date().toISOString().slice(0, 10) },
    brand: { type: "string" },
  },
});
if (values.folder === undefined) {
  console.error("--folder is missing.");
  Deno.exit(2);
}
const files = await writeReferenceFiles({
  folder: resolve(values.folder),
  date: values.date,
  brandFile: values.brand === undefined ? undefined : resolve(values.brand),
});
console.log(JSON.stringify(files));
