/** From an operator's options to an issuer and conditions. */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import {
  buildRule,
  type RuleDraft,
  type RuleOptions,
} from "../../../server/federation/build_rule.ts";
import { provider, type ProviderName } from "../../../server/federation/providers.ts";
import { equals, glob } from "../../support/conditions.ts";

const unknownNumber = () => Promise.resolve(undefined);

async function build(
  name: ProviderName,
  options: Partial<RuleOptions>,
  lookUp: () => Promise<string | undefined> = () => Promise.resolve("4711"),
): Promise<RuleDraft | DomainError> {
  return await buildRule(name, { conditions: [], ...options }, lookUp);
}

async function built(...args: Parameters<typeof build>): Promise<RuleDraft> {
  const rule = await build(...args);
  if (rule instanceof DomainError) throw rule;
  return rule;
}

async function assertInvalid(field: string, ...args: Parameters<typeof build>): Promise<void> {
  const error = await build(...args);
  assert.ok(error instanceof DomainError, JSON.stringify(args));
  assert.deepEqual([error.code, error.field], ["invalid", field]);
}

Deno.test("rejects an issuer whose tokens could never be verified", async () => {
  for (
    const issuer of [
      ...["http://idp.example", "ftp://idp.example", "idp.example", "https://", ""],
      ...["https://user:secret@idp.example", "https://user@idp.example"],
      ...["https://idp.example/?tenant=a", "https://idp.example#a", "https://idp.example?"],
      ...[" https://idp.example", "https://idp.example/a b", "https://bücher.example"],
      ...["http://10.0.0.1", "http://127.0.0.1.idp.example"],
    ]
  ) {
    await assertInvalid("issuer", "generic", { issuer, subject: "x" });
  }
  for (
    const issuer of [
      ...["https://idp.example", "https://idp.example/", "https://idp.example:8443/org/1"],
      ...["https://10.0.0.1", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/a"],
    ]
  ) {
    assert.equal((await built("generic", { issuer, subject: "x" })).issuer, issuer);
  }
});

Deno.test("turns subject, branch, tag and environment into conditions", async () => {
  const github = await built("github", { subject: "acme/api", branch: "main" });
  assert.equal(github.issuer, provider("github").issuer);
  assert.equal(github.name, "github:acme/api:main");
  assert.deepEqual(github.conditions, [
    { ...equals("repository_id", "4711"), label: "acme/api" },
    equals("ref", "refs/heads/main"),
  ]);
  const workflow = await built("github", { repositoryId: "1", workflow: "deploy.yml" });
  assert.deepEqual(workflow.conditions, [
    equals("repository_id", "1"),
    glob("workflow_ref", "*/*/.github/workflows/deploy.yml@**"),
  ]);
  const gitlab = await built("gitlab", { subject: "acme/group/api", tag: "v*" });
  assert.deepEqual(gitlab.conditions, [
    { ...equals("project_id", "4711"), label: "acme/group/api" },
    equals("ref_type", "tag"),
    glob("ref", "v*"),
  ]);
  const kubernetes = await built("kubernetes", {
    subject: "ci/deployer",
    issuer: "https://k8s.example",
  });
  assert.deepEqual(kubernetes.conditions, [equals("sub", "system:serviceaccount:ci:deployer")]);
  const generic = await built("generic", {
    issuer: "https://idp.example",
    subject: "x",
    conditions: ["team=a", "team=b", "path~x/*"],
  });
  assert.deepEqual(generic.conditions, [
    equals("sub", "x"),
    equals("team", "a", "b"),
    glob("path", "x/*"),
  ]);
});

Deno.test("trusts a repository by its name, and says so, if its number is unknown", async () => {
  const options = { subject: "acme/api", environment: "production" };
  const rule = await built("github", options, unknownNumber);
  assert.deepEqual(rule.conditions, [
    equals("repository", "acme/api"),
    equals("environment", "production"),
  ]);
  assert.equal(rule.byName, "acme/api");
  const wildcard = await built("github", { subject: "acme/*", branch: "main" });
  assert.deepEqual(wildcard.conditions[0], glob("repository", "acme/*"));
  assert.equal(wildcard.byName, undefined);
});

Deno.test("rejects options that the provider has no claim for, naming the field", async () => {
  const issuer = "https://id.example";
  await assertInvalid("issuer", "kubernetes", { subject: "ci/deployer" });
  await assertInvalid("subject", "kubernetes", { subject: "deployer", issuer });
  await assertInvalid("subject", "kubernetes", { subject: "a/b/c", issuer });
  await assertInvalid("subject", "github", { subject: "acme" });
  await assertInvalid("branch", "github", { subject: "acme/api", branch: "a", tag: "b" });
  await assertInvalid("branch", "github", { subject: "acme/api", branch: "" });
  for (const workflow of ["", "a/b.yml", "x@main", "x.yml@**"]) {
    await assertInvalid("workflow", "github", { subject: "acme/api", workflow });
  }
  await assertInvalid("workflow", "gitlab", { subject: "acme/api", workflow: "x.yml" });
  await assertInvalid("conditions", "generic", { issuer, conditions: ["nonsense"] });
  await assertInvalid("branch", "azure", { issuer, subject: "y", branch: "main" });
  await assertInvalid("tag", "buildkite", { subject: "acme/api", tag: "v1" });
  await assertInvalid("environment", "circleci", { issuer, environment: "production" });
});

Deno.test("rejects a repository number that does not consist of digits", async () => {
  for (
    const name of ["github", "github-enterprise", "gitlab", "gitlab-self-managed"] as const
  ) {
    for (const repositoryId of ["abc", "1*", "12 ", "-1", "1.5", ""]) {
      const options = { subject: "acme/api", issuer: "https://git.example.com", repositoryId };
      await assertInvalid("repositoryId", name, options, unknownNumber);
    }
  }
});
