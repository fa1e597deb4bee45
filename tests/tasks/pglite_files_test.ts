import assert from "node:assert/strict";
import { clearUnused, packedFiles } from "../../tasks/pglite_files.ts";

const SCRIPT = `({files:[{filename:"/pglite/share/postgresql/postgres.bki",start:0,end:2},` +
  `{filename:"/pglite/lib/postgresql/utf8_and_big5.so",start:2,end:4},` +
  `{filename:"/pglite/lib/postgresql/plpgsql.so",start:4,end:5}]})`;

Deno.test("clears the files that the server never reads, and leaves the others in place", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5);
  clearUnused(data, packedFiles(SCRIPT));
  assert.deepEqual(data, Uint8Array.of(1, 2, 0, 0, 5));
});

Deno.test("rejects files that are laid out in another way", () => {
  assert.throws(() => clearUnused(new Uint8Array(6), packedFiles(SCRIPT)), /laid out/);
  assert.throws(() => clearUnused(new Uint8Array(5), packedFiles("")), /laid out/);
});
