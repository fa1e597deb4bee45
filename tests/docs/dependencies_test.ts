/** docs/dependencies.md explains every package of the import map, and no other. */
import assert from "node:assert/strict";
import { filesBelow, readFromRoot } from "../support/documentation.ts";

/** The packages in the first column of the tables under a heading. */
function packagesUnder(page: string, heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| ([@\w][\w./@-]*) /gm)].map(([, name]) => name)
    .filter((name) => name !== "package").sort();
}

/** `npm:@scope/name@1.0.0/path` and `npm:/name@1.0.0/` to the package's name. */
function packageOf(specifier: string): string {
  return /^npm:\/?((?:@[^/]+\/)?[^@/]+)@/.exec(specifier)![1];
}

async function importMap(): Promise<Record<string, string>> {
  return JSON.parse(await readFromRoot("import_map.json")).imports;
}

Deno.test("docs/dependencies.md has the packages of the program and those of tests and tasks", async () => {
  const imports = await importMap();
  const inProgram = new Set<string>();
  for (const folder of ["client", "server", "shared"]) {
    for (const path of await filesBelow(folder, /\.tsx?$/)) {
      const source = await readFromRoot(path);
      for (const [, name] of source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^."][^"]*)"/g)) {
        const key = Object.keys(imports).find((key) =>
          key === name || key.endsWith("/") && name.startsWith(key)
        );
        if (key !== undefined) inProgram.add(packageOf(imports[key]));
      }
    }
  }
  const all = new Set(Object.values(imports).map(packageOf));
  const page = await readFromRoot("docs/dependencies.md");
  assert.deepEqual(packagesUnder(page, "In the program"), [...inProgram].sort());
  assert.deepEqual(
    packagesUnder(page, "In tests and tasks"),
    [...all].filter((name) => !inProgram.has(name)).sort(),
  );
});

Deno.test("every package in the import map has an exact version", async () => {
  for (const [name, specifier] of Object.entries(await importMap())) {
    assert.match(specifier, /^npm:\/?(?:@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+(?:\/.*)?$/, name);
  }
});
