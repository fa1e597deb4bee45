// deno-lint-ignore-file no-console -- it reports to who runs it
/**
 * `deno task site [--output DIR]`: writes docs/ as a site of static files, which also works from a
 * folder without a web server. Fails on a link or an anchor that leads nowhere.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildSite } from "./site/build_site.ts";

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { output: { type: "string", default: join("dist", "site") } },
  });
  const docs = fileURLToPath(new URL("../docs/", import.meta.url));
  const { pages, broken } = await buildSite({ docs, output: values.output });
  for (const line of broken) console.error(line);
  if (broken.length > 0) Deno.exit(1);
  console.log(`${pages} pages in ${values.output}: open ${join(values.output, "index.html")}`);
}
