import assert from "node:assert/strict";
import { brand } from "../../shared/brand.ts";
import { checkBrandShape, checkReleaseRun } from "../../tasks/release/release_run.ts";
import { acme } from "../support/release_server.ts";

const run = {
  tag: "v1.2.3",
  repository: acme.release.repository,
  signerWorkflow: acme.release.signerWorkflow,
};

Deno.test("accepts a brand that names the repository and the workflow of the run", () => {
  checkReleaseRun(run, acme, "1.2.3");
  checkReleaseRun({}, brand, "1.2.3");
});

Deno.test("rejects another tag, repository, address or workflow, and names each", () => {
  assert.throws(
    () =>
      checkReleaseRun(
        { tag: "v1.2.4", repository: "evil/fork", signerWorkflow: "evil/fork/a.yml" },
        acme,
        "1.2.3",
      ),
    /tag.*\n.*release\.repository.*\n.*release\.signerWorkflow.*\n.*release\.url/,
  );
});

Deno.test("rejects a brand file that lacks a name or has one of another type", () => {
  checkBrandShape(structuredClone(brand), brand);
  const { envPrefix: _, ...incomplete } = brand;
  assert.throws(() => checkBrandShape(incomplete, brand), /brand\.envPrefix/);
  const flat = { ...brand, release: "https://example.com" };
  assert.throws(() => checkBrandShape(flat, brand), /brand\.release/);
});
