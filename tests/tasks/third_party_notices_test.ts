import assert from "node:assert/strict";
import { join } from "node:path";
import { bundledPackages, closure, isInProgram } from "../../tasks/release/bundled_packages.ts";
import { postgresVersion } from "../../tasks/release/embedded_software.ts";
import { licenseText } from "../../tasks/release/license_text.ts";
import { thirdPartyNotices } from "../../tasks/release/third_party_notices.ts";
import { targetNamed } from "../../tasks/targets.ts";

async function withPackage(
  files: Record<string, string>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a package's licenses and notices are all of its files with such names", async () => {
  const files = { "NOTICE": "by us\n", "LICENSE.md": "do\r\nas you like\n", "README.md": "no" };
  await withPackage(files, async (folder) => {
    const text = await licenseText({ name: "a", version: "1.0.0", folder });
    assert.equal(text, "do\nas you like\n\nby us");
  });
});

Deno.test("a package without a license text fails the release unless it was reviewed", async () => {
  await withPackage({ "README.md": "MIT", "LICENSE": " \n" }, async (folder) => {
    await assert.rejects(
      licenseText({ name: "a", version: "1.0.0", folder }),
      /a@1\.0\.0 has no license file/,
    );
    await assert.rejects(licenseText({ name: "postgres", version: "0.0.1", folder }));
    const reviewed = await licenseText({ name: "postgres", version: "3.4.9", folder });
    assert.match(reviewed, /released into the public domain/);
  });
});

Deno.test("every package of the program has a license text", async () => {
  const packages = await bundledPackages();
  assert.ok(packages.length > 20, `${packages.length} packages`);
  for (const bundled of packages) assert.match(await licenseText(bundled), /\w/, bundled.name);
});

Deno.test("notices name each software with its license and text", () => {
  const rule = "=".repeat(80);
  assert.equal(
    thirdPartyNotices("a 1.0.0", [
      { name: "b", version: "2.0.0", license: "MIT", text: "do\n" },
      { name: "c", license: "Zlib", url: "https://c.example", note: "In b.", text: "do not" },
    ]),
    [
      "a 1.0.0 contains the software below, under the licenses that follow.",
      "",
      ...[rule, "b 2.0.0", "License: MIT", rule, "", "do", ""],
      ...[rule, "c", "License: Zlib", "https://c.example", "In b.", rule, "", "do not", ""],
    ].join("\n"),
  );
});

Deno.test("packages of packages are in the program, also in a circle", () => {
  const dependencies: Record<string, string[]> = { a: ["b"], b: ["c"], c: ["a"], d: ["a"] };
  assert.deepEqual([...closure(["a"], (key) => dependencies[key])], ["a", "b", "c"]);
});

Deno.test("the keychain add-on is in the programs of its own system only", () => {
  const linux = targetNamed("x86_64-unknown-linux-gnu");
  const windows = targetNamed("x86_64-pc-windows-msvc");
  assert.equal(isInProgram("hono", linux), true);
  assert.equal(isInProgram("@napi-rs/keyring", linux), false);
  assert.equal(isInProgram("@napi-rs/keyring-linux-x64-gnu", linux), false);
  assert.equal(isInProgram("@napi-rs/keyring", windows), true);
  assert.equal(isInProgram("@napi-rs/keyring-win32-x64-msvc", windows), true);
  assert.equal(isInProgram("@napi-rs/keyring-darwin-x64", windows), false);
});

Deno.test("PGlite names its version of PostgreSQL", () => {
  const wasm = new TextEncoder().encode("\x00asm\x01 PostgreSQL 18.6 (PGlite 0.5.16) on wasm32");
  assert.equal(postgresVersion(wasm), "18.6");
  assert.throws(() => postgresVersion(new Uint8Array()));
});
