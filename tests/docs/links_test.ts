/** Every link in the documentation leads somewhere, and every test that it names exists. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { filesBelow, readFromRoot, repositoryRoot } from "../support/documentation.ts";

interface Link {
  page: string;
  text: string;
  /** The file it leads to, from the root, and the heading in it. */
  file: string;
  heading: string | undefined;
}

async function linksOf(page: string): Promise<Link[]> {
  const text = (await readFromRoot(page)).replaceAll(/^```.*?^```$/gms, "");
  return [...text.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)]
    .filter(([, , target]) => !/^https?:/.test(target))
    .map(([, text, target]) => {
      const [path, heading] = target.split("#");
      const file = path === ""
        ? page
        : relative(repositoryRoot, join(repositoryRoot, dirname(page), path));
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
      // Pages of the repository's site, such as its releases.
      if (file.startsWith("..")) continue;
      const info = await Deno.stat(join(repositoryRoot, file)).catch(() => undefined);
      const lost = info === undefined ||
        heading !== undefined && !anchors(await readFromRoot(file)).includes(heading);
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
    if (!(await readFromRoot(file)).includes(text)) missing.push(`${text} (${file})`);
  }
  assert.deepEqual(missing, []);
});
