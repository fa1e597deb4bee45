/** The authorities and logs in the program are those that Sigstore publishes to npm's clients. */
import assert from "node:assert/strict";
import { join } from "node:path";
import trustedRoot from "../../../client/upgrade/trusted_root.json" with { type: "json" };
import { npmPackageFolder } from "../../../tasks/npm_package.ts";

const PACKAGE = {
  name: "@sigstore/tuf",
  version: "4.0.2",
  integrity:
    "sha512-TCAzTy0xzdP79EnxSjq9KQ3eaR7+FmudLC6eRKknVKZbV7ZNlGLClAAQb/HMNJ5n2OBNk2GT1tEmU0xuPr+SLQ==",
};

Deno.test("the embedded trusted root is that of @sigstore/tuf", async () => {
  const folder = await npmPackageFolder(PACKAGE);
  const seeds = JSON.parse(await Deno.readTextFile(join(folder, "seeds.json")));
  const { targets } = seeds["https://tuf-repo-cdn.sigstore.dev"];
  assert.deepEqual(trustedRoot, JSON.parse(atob(targets["trusted_root.json"])));
});
