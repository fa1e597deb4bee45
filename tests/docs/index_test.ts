/** docs/index.md lists every page, so that a reader finds it and the site has a place for it. */
import assert from "node:assert/strict";
import { filesBelow, readFromRoot } from "../support/documentation.ts";

Deno.test("docs/index.md lists every page once, except single decisions", async () => {
  const index = await readFromRoot("docs/index.md");
  const listed = [...index.matchAll(/^(?:- |\d+\. )\[[^\]]+\]\(([^)#]+)\)/gm)]
    .map(([, path]) => `docs/${path}`);
  const pages = (await filesBelow("docs", /\.md$/)).filter((page) =>
    page !== "docs/index.md" && !/^docs\/decisions\/\d/.test(page)
  );
  assert.deepEqual(listed.toSorted(), pages);
});
