import assert from "node:assert/strict";
import { join } from "node:path";
import { tarGz } from "../../tasks/release/tar.ts";
import { zip } from "../../tasks/release/zip.ts";

const SECONDS = Date.UTC(2026, 0, 2, 3, 4, 6) / 1000;
const files = [
  { name: "a-1.0.0/a", content: new TextEncoder().encode("program\n"), executable: true },
  { name: "a-1.0.0/empty", content: new Uint8Array(), executable: false },
];

async function python(script: string, bytes: Uint8Array): Promise<unknown> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "archive");
    await Deno.writeFile(path, bytes);
    const { stdout, stderr, success } = await new Deno.Command("python3", {
      args: ["-c", `import sys,json,tarfile,zipfile\n${script}`, path],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("another program reads names, modes, times and content of a tar.gz", async () => {
  const read = await python(
    `t=tarfile.open(sys.argv[1])
print(json.dumps([[m.name,m.mode,m.mtime,m.uname,t.extractfile(m).read().decode()] for m in t]))`,
    tarGz(files, SECONDS),
  );
  assert.deepEqual(read, [
    ["a-1.0.0/a", 0o755, SECONDS, "root", "program\n"],
    ["a-1.0.0/empty", 0o644, SECONDS, "root", ""],
  ]);
});

Deno.test("another program reads names, modes, times and content of a zip", async () => {
  const read = await python(
    `z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename,i.external_attr>>16,list(i.date_time),z.read(i).decode()] for i in z.infolist()]))`,
    zip(files, SECONDS),
  );
  assert.deepEqual(read, [
    ["a-1.0.0/a", 0o100755, [2026, 1, 2, 3, 4, 6], "program\n"],
    ["a-1.0.0/empty", 0o100644, [2026, 1, 2, 3, 4, 6], ""],
  ]);
});

Deno.test("a tar.gz has names of more than 100 bytes", async () => {
  const name = `${"folder-".repeat(14)}/${"page-".repeat(10)}1`;
  const read = await python(
    "print(json.dumps(tarfile.open(sys.argv[1]).getnames()))",
    tarGz([{ name, content: new Uint8Array(), executable: false }], SECONDS),
  );
  assert.deepEqual(read, [name]);
});
