/** The files of archives, as `deno task release` packs them. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { unpackFile } from "../../../client/upgrade/unpack.ts";
import { tarGz } from "../../../tasks/release/tar.ts";
import { zip } from "../../../tasks/release/zip.ts";

const LONG = `acmectl-1.0.0/${"completions/".repeat(8)}acmectl`;
const files = [
  { name: "acmectl-1.0.0/LICENSE", content: new TextEncoder().encode("MIT"), executable: false },
  { name: "acmectl-1.0.0/acmectl", content: large(), executable: true },
  { name: "acmectl-1.0.0/empty", content: new Uint8Array(), executable: false },
  { name: LONG, content: new TextEncoder().encode("complete"), executable: false },
];

const ARCHIVES = { "a.tar.gz": tarGz(files, 0), "a.zip": zip(files, 0) };

function large(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(300_001).map((_, index) => index * index % 251);
}

async function unpack(
  name: string,
  content: Uint8Array,
  path: string,
  maxBytes?: number,
): Promise<Uint8Array> {
  const archive = { name, content: new Uint8Array(content) };
  const pieces = await Array.fromAsync(unpackFile(archive, path, maxBytes));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

for (const [name, archive] of Object.entries(ARCHIVES)) {
  Deno.test(`finds each file in ${name}`, async () => {
    for (const { name: path, content } of files) {
      assert.deepEqual(await unpack(name, archive, path), new Uint8Array(content), path);
    }
  });

  Deno.test(`limits what is unpacked of ${name}`, async () => {
    const path = "acmectl-1.0.0/acmectl";
    assert.equal((await unpack(name, archive, path, 500_000)).length, 300_001);
    await assert.rejects(unpack(name, archive, path, 300_000), { code: "invalid_release" });
  });

  Deno.test(`reports a file that is not in ${name}, and damage`, async () => {
    await assert.rejects(unpack(name, archive, "acmectl"), { code: "invalid_release" });
    for (const damaged of [archive.slice(0, 500), archive.slice(500), new Uint8Array()]) {
      await assert.rejects(unpack(name, damaged, LONG), { code: "invalid_release" });
    }
  });
}

Deno.test("counts the files before the one that is asked for, and a size below zero is none", async () => {
  const bomb = [{ name: "zeros", content: new Uint8Array(5_000_000), executable: false }, ...files];
  const archive = tarGz(bomb, 0);
  await assert.rejects(unpack("a.tar.gz", archive, "acmectl-1.0.0/acmectl", 4_000_000), {
    code: "invalid_release",
  });
  const whole = await unpack("a.tar.gz", archive, "acmectl-1.0.0/LICENSE", 6_000_000);
  assert.equal(new TextDecoder().decode(whole), "MIT");
  const header = new Uint8Array(1024);
  header.set(new TextEncoder().encode("file"), 0);
  header.set(new TextEncoder().encode("-0000001000"), 124);
  await assert.rejects(unpack("a.tar.gz", gzipSync(header), "file"), /invalid size/);
});
