/** What the documentation names exists, and what exists and must be named is. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CONFIGURATION_PAGE, withSettingsReference } from "../tasks/docs.ts";
import { LAYERS } from "../tasks/lint_imports.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

interface Link {
  page: string;
  text: string;
  /** The file it leads to, from the root, and the heading in it. */
  file: string;
  heading: string | undefined;
}

async function filesBelow(folder: string, suffix: RegExp): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(root, folder))) {
    const path = join(folder, entry.name);
    if (entry.isFile && suffix.test(entry.name)) found.push(path);
    if (!entry.isDirectory || entry.name.startsWith(".")) continue;
    if (["dist", "node_modules"].includes(entry.name)) continue;
    found.push(...await filesBelow(path, suffix));
  }
  return found;
}

const read = (path: string) => Deno.readTextFile(join(root, path));

async function linksOf(page: string): Promise<Link[]> {
  const text = (await read(page)).replaceAll(/^```.*?^```$/gms, "");
  return [...text.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)]
    .filter(([, , target]) => !/^https?:/.test(target))
    .map(([, text, target]) => {
      const [path, heading] = target.split("#");
      const file = path === "" ? page : relative(root, join(root, dirname(page), path));
      return { page, text, file, heading };
    });
}

/** As GitHub makes them of headings. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("every link in the documentation leads somewhere", async () => {
  const broken: string[] = [];
  for (const page of await filesBelow(".", /\.md$/)) {
    for (const { file, heading, text } of await linksOf(page)) {
      // Parts of the repository's site, such as its releases, lie outside of it.
      if (file.startsWith("..")) continue;
      const info = await Deno.stat(join(root, file)).catch(() => undefined);
      const lost = info === undefined ||
        heading !== undefined && !anchors(await read(file)).includes(heading);
      if (lost) broken.push(`${page}: ${text}`);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("every test that docs/conformance.md names exists", async () => {
  const links = await linksOf("docs/conformance.md");
  const named = links.filter(({ file }) => file.endsWith("_test.ts"));
  assert.ok(named.length > 100);
  const missing: string[] = [];
  for (const { file, text } of named) {
    if (!(await read(file)).includes(text)) missing.push(`${text} (${file})`);
  }
  assert.deepEqual(missing, []);
});

Deno.test("docs/configuration.md has the settings as they are declared", async () => {
  const page = await Deno.readTextFile(CONFIGURATION_PAGE);
  assert.equal(page, withSettingsReference(page), "run: deno task docs");
});

Deno.test("docs/operations.md has every audit event and every line of the log", async () => {
  const page = await read("docs/operations.md");
  const recorded = new Set<string>();
  for (const path of await filesBelow("server", /\.tsx?$/)) {
    const source = await read(path);
    for (const [, value] of source.matchAll(/\bevent: ([^,\n]+)/g)) {
      for (const [, event] of value.matchAll(/"([a-z_]+(?:\.[a-z_]+)?)"/g)) recorded.add(event);
    }
    for (const [, event] of source.matchAll(/\bauditToken\([^()]*?"([a-z_]+\.[a-z_]+)"/g)) {
      recorded.add(event);
    }
    for (const [, event] of source.matchAll(/\blog\([^()]*?"([a-z]+_[a-z_]+)"/g)) {
      recorded.add(event);
    }
  }
  assert.ok(recorded.size > 20);
  const untold = [...recorded].filter((event) => !page.includes(`\`${event}\``));
  assert.deepEqual(untold, []);
});

Deno.test("docs/architecture.md describes every part of the server and the client, in order", async () => {
  const page = await read("docs/architecture.md");
  for (const side of ["server", "client"]) {
    const section = page.split(`## The ${side}, from the edge inwards`)[1].split("\n## ")[0];
    const described = [...section.matchAll(/^\| `([^`]+)` /gm)]
      .map(([, part]) => `${side}/${part.replace(/\/$/, "")}`);
    const ranked = LAYERS[side].filter((part) => part.split("/").length === 2);
    assert.deepEqual(described, ranked);
  }
});
