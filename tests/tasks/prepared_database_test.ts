import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runDeno } from "../../tasks/run_deno.ts";

Deno.test("the prepared database has the same bytes each time", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = ["1", "2"].map((name) => join(folder, name));
    for (const path of paths) {
      await runDeno([
        ...["run", "--quiet", "--no-check", "--lock=deno.lock", "--frozen", "--allow-all"],
        ...["tasks/write_prepared_database.ts", path],
      ], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
    }
    const [first, second] = await Promise.all(paths.map((path) => Deno.readFile(path)));
    assert.ok(first.length > 1_000_000);
    assert.ok(
      first.every((byte, index) => byte === second[index]) && first.length === second.length,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
