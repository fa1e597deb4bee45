import assert from "node:assert/strict";
import { join } from "node:path";
import { packDatabase, unpackDatabase } from "../../../server/store/embedded/prepared_database.ts";

Deno.test("unpacks what was packed: folders, and files with equal, empty and other contents", async () => {
  const root = await Deno.makeTempDir();
  try {
    const [from, to] = [join(root, "from"), join(root, "to")];
    for (const folder of [from, to, join(from, "base"), join(from, "empty")]) {
      await Deno.mkdir(folder);
    }
    const files = { "PG_VERSION": "18\n", "base/1": "page", "base/2": "page", "base/3": "" };
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(from, path), text);
    }
    const packed = packDatabase(from);
    assert.equal(new TextDecoder().decode(packed).split("page").length, 2);
    const fractions: number[] = [];
    await unpackDatabase(packed, to, (fraction) => fractions.push(fraction));
    for (const [path, text] of Object.entries(files)) {
      assert.equal(await Deno.readTextFile(join(to, path)), text, path);
    }
    assert.ok((await Deno.stat(join(to, "empty"))).isDirectory);
    assert.deepEqual(fractions, [0.25, 0.5, 0.75, 1]);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(join(to, "base/1"))).mode! & 0o777, 0o600);
      assert.equal((await Deno.stat(join(to, "base"))).mode! & 0o777, 0o700);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
