/** docs/federation.md and its pages: every provider has one, with its claims and files that are YAML. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { provider, type ProviderName, providers } from "../server/federation/providers.ts";

const folder = new URL("../docs/federation/", import.meta.url);

const pages: Record<ProviderName, string> = {
  "github": "github-actions.md",
  "github-enterprise": "github-actions.md",
  "gitlab": "gitlab.md",
  "gitlab-self-managed": "gitlab.md",
  "buildkite": "buildkite.md",
  "circleci": "circleci.md",
  "bitbucket": "bitbucket.md",
  "google": "google-cloud.md",
  "azure": "azure.md",
  "kubernetes": "kubernetes.md",
  "generic": "generic.md",
};

Deno.test("each provider's page explains its claims, says where more stands, and how to trust it", async () => {
  for (const name of Object.keys(providers) as ProviderName[]) {
    const page = await Deno.readTextFile(new URL(pages[name], folder));
    assert.match(page, new RegExp(`admin trust add ${name} `), pages[name]);
    const { claims, documentation } = provider(name);
    for (const { claim } of claims) {
      assert.ok(page.includes(`| \`${claim}\``), `${pages[name]} lacks ${claim}`);
    }
    if (name !== "generic") assert.ok(page.includes(documentation), pages[name]);
    for (const heading of ["You type", "The claims", "Pitfalls"]) {
      assert.ok(page.includes(`\n## ${heading}\n`), `${pages[name]} lacks ${heading}`);
    }
  }
});

Deno.test("what the pages put into YAML files is YAML", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(fileURLToPath(folder))) {
    const page = await Deno.readTextFile(new URL(name, folder));
    for (const [, text] of page.matchAll(/^```yaml\n(.*?)^```$/gms)) {
      count++;
      for (const document of parseAllDocuments(text)) {
        assert.deepEqual("errors" in document ? document.errors : [], [], name);
      }
    }
  }
  assert.ok(count >= 6);
});
