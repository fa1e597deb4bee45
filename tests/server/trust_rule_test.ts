/** Invariant: a rule lets in those it names, and a rule that lets strangers in is not made. */
import assert from "node:assert/strict";
import { type Condition, holds } from "../../server/federation/condition.ts";
import { dangers } from "../../server/federation/rule_safety.ts";
import { draftRule, RuleDraftError, type RuleWishes } from "../../server/federation/rule_draft.ts";
import { type ProviderName, providers } from "../../server/federation/providers.ts";

const glob = (claim: string, ...values: string[]): Condition => ({
  claim,
  operator: "glob",
  values,
});
const equals = (claim: string, ...values: string[]): Condition => ({
  claim,
  operator: "equals",
  values,
});

Deno.test("a glob's star crosses neither colon nor slash, two stars do", () => {
  const cases: [string, string, boolean][] = [
    ["repo:acme/api:*", "repo:acme/api:pull_request", true],
    ["repo:acme/api:*", "repo:acme/api-evil", false],
    ["repo:acme/api:*", "repo:acme/api-evil:ref", false],
    ["repo:acme/api:*", "repo:acme/api:ref:refs/heads/main", false],
    ["repo:acme/api:**", "repo:acme/api:ref:refs/heads/main", true],
    ["repo:acme/api:**", "repo:acme/api-evil:ref:refs/heads/main", false],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/api:ref:refs/heads/main", true],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/evil:x:ref:refs/heads/main", false],
    ["refs/heads/release-*", "refs/heads/release-1", true],
    ["refs/heads/release-*", "refs/heads/release-1/evil", false],
    ["refs/heads/main", "refs/heads/main2", false],
    ["a.c", "abc", false],
    ["(a|b)", "a", false],
    ["*", "", true],
    ["main", "main\n", false],
  ];
  for (const [pattern, value, matches] of cases) {
    assert.equal(holds(glob("x", pattern), { x: value }), matches, `${pattern} on ${value}`);
  }
});

Deno.test("claims are compared as text, in lists and in depth", () => {
  const claims = {
    id: 42,
    flag: true,
    groups: ["a", "b"],
    google: { compute_engine: { project_id: "p" } },
    "kubernetes.io": { namespace: "ci", serviceaccount: { name: "deployer" } },
    "oidc.circleci.com/project-id": "x",
    object: { a: 1 },
  };
  assert.ok(holds(equals("id", "42"), claims));
  assert.ok(holds(equals("flag", "true"), claims));
  assert.ok(holds(equals("groups", "b"), claims));
  assert.ok(holds(equals("google.compute_engine.project_id", "p"), claims));
  assert.ok(holds(equals("kubernetes.io.serviceaccount.name", "deployer"), claims));
  assert.ok(holds(equals("oidc.circleci.com/project-id", "x"), claims));
  assert.ok(holds(equals("id", "41", "42"), claims));
  for (const claim of ["object", "missing", "toString", "__proto__", "constructor.name"]) {
    assert.ok(!holds(glob(claim, "**"), claims), claim);
  }
});

Deno.test("rules that would let strangers in are told apart", () => {
  const main = equals("ref", "refs/heads/main");
  const repository = equals("repository_id", "1");
  const cases: [ProviderName, Condition[], RegExp | undefined][] = [
    ["github", [], /no condition/],
    ["github", [main], /names no owner/],
    ["github", [glob("repository", "*"), main], /no owner|matches anything/],
    ["github", [glob("repository", "*/api"), main], /names no owner/],
    ["github", [glob("repository", "acme*/api"), main], /names no owner/],
    ["github", [glob("sub", "repo:*")], /names no owner/],
    ["github", [glob("sub", "repo:*/api:ref:refs/heads/main")], /names no owner/],
    ["github", [glob("sub", "**")], /names no owner|matches anything/],
    ["github", [repository], /pull requests would pass/],
    ["github", [repository, equals("event_name", "pull_request")], /pull requests/],
    ["github", [repository, glob("ref", "refs/pull/*/merge")], /admits pull requests/],
    ["github", [equals("sub", "repo:acme/api:pull_request")], /admits pull requests/],
    ["github", [glob("sub", "repo:acme/api:*")], /admits pull requests/],
    ["github", [glob("sub", "repo:acme/**")], /admits pull requests/],
    ["github", [repository, glob("ref", "refs/**")], /admits pull requests/],
    ["github", [repository, main], undefined],
    ["github", [main, glob("sub", "repo:acme/api:**")], undefined],
    ["github", [glob("sub", "repo:acme/api:ref:refs/heads/**")], undefined],
    ["github", [repository, equals("environment", "production")], undefined],
    ["github", [glob("repository", "acme/*"), main], undefined],
    ["github", [glob("sub", "repo:acme/*:ref:refs/heads/main")], undefined],
    ["gitlab", [equals("project_id", "1")], /names no branch/],
    ["gitlab", [equals("project_id", "1"), equals("ref_protected", "true")], undefined],
    ["gitlab", [equals("ref", "main")], /names no owner/],
    ["kubernetes", [], /no condition/],
    ["kubernetes", [equals("sub", "system:serviceaccount:ci:deployer")], undefined],
    ["circleci", [equals("oidc.circleci.com/project-id", "x")], undefined],
    ["google", [equals("aud", "x")], /names no owner/],
    ["generic", [glob("sub", "*")], /matches anything/],
    ["generic", [equals("sub", "x")], undefined],
  ];
  for (const [provider, conditions, reason] of cases) {
    const { issuer = "https://issuer.example" }: { issuer?: string } = providers[provider];
    const found = dangers({ provider, issuer, conditions }).join(" ");
    if (reason === undefined) assert.equal(found, "", JSON.stringify(conditions));
    else assert.match(found, reason, JSON.stringify(conditions));
  }
});

Deno.test("an issuer of many customers is one by any template", () => {
  const conditions = [equals("ref", "refs/heads/main")];
  const issuer = "https://token.actions.githubusercontent.com";
  assert.match(dangers({ provider: "generic", issuer, conditions }).join(" "), /names no owner/);
});

Deno.test("templates turn a few words into conditions", async () => {
  const lookUp = () => Promise.resolve("4711");
  const draft = (provider: ProviderName, wishes: Partial<RuleWishes>) =>
    draftRule(provider, { conditions: [], ...wishes }, lookUp);

  const github = await draft("github", { subject: "acme/api", branch: "main" });
  assert.equal(github.issuer, providers.github.issuer);
  assert.equal(github.name, "github:acme/api:main");
  assert.deepEqual(github.conditions, [
    equals("repository_id", "4711"),
    equals("ref", "refs/heads/main"),
  ]);
  const gitlab = await draft("gitlab", { subject: "acme/group/api", tag: "v*" });
  assert.deepEqual(gitlab.conditions, [
    equals("project_id", "4711"),
    equals("ref_type", "tag"),
    glob("ref", "v*"),
  ]);
  const offline = await draftRule(
    "github",
    { subject: "acme/api", environment: "production", conditions: [] },
    () => Promise.resolve(undefined),
  );
  assert.deepEqual(offline.conditions, [
    equals("repository", "acme/api"),
    equals("environment", "production"),
  ]);
  assert.match(offline.notes[0], /--repository-id/);
  const kubernetes = await draft("kubernetes", {
    subject: "ci/deployer",
    issuer: "https://k8s.example",
  });
  assert.deepEqual(kubernetes.conditions, [equals("sub", "system:serviceaccount:ci:deployer")]);
  const generic = await draft("generic", {
    issuer: "https://idp.example",
    subject: "x",
    conditions: ["team=a", "team=b", "path~x/*"],
  });
  assert.deepEqual(generic.conditions, [
    equals("sub", "x"),
    equals("team", "a", "b"),
    glob("path", "x/*"),
  ]);
  const refusals: [ProviderName, Partial<RuleWishes>, RegExp][] = [
    ["kubernetes", { subject: "ci/deployer" }, /--issuer/],
    ["kubernetes", { subject: "deployer", issuer: "https://k" }, /namespace\/name/],
    ["github", { subject: "acme" }, /write it like acme\/api/],
    ["github", { subject: "acme/api", branch: "a", tag: "b" }, /a rule for each/],
    ["generic", { issuer: "https://x", conditions: ["nonsense"] }, /claim=value/],
    ["azure", { issuer: "https://x", subject: "y", branch: "main" }, /--branch/],
  ];
  for (const [provider, wishes, reason] of refusals) {
    await assert.rejects(() => draft(provider, wishes), (error) => {
      assert.ok(error instanceof RuleDraftError);
      assert.match(error.message, reason);
      return true;
    });
  }
});
