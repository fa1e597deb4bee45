/** Invariant: a rule lets in those it names, and a rule that lets strangers in is not made. */
import assert from "node:assert/strict";
import { type Condition, holds } from "../../../server/federation/condition.ts";
import { dangers } from "../../../server/federation/rule_lint.ts";
import {
  draftRule,
  RuleDraftError,
  type RuleOptions,
} from "../../../server/federation/build_rule.ts";
import { type ProviderName, providers } from "../../../server/federation/providers.ts";

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

Deno.test("a claim counts as the owner only in its provider's own grammar", () => {
  const main = equals("ref", "refs/heads/main");
  const open: [ProviderName, Condition][] = [
    // Whoever administrates any repository may choose the form of its `sub`.
    ["github", equals("sub", "environment:production")],
    ["github", glob("sub", "ref:refs/heads/main:repo:**")],
    ["github", equals("sub", "ref:refs/heads/main:repo:acme/api")],
    ["github", equals("sub", "environment:production:repository_owner:acme")],
    ["github", equals("sub", "job_workflow_ref:acme/x/.github/workflows/y.yml@refs/heads/main")],
    ["github", equals("sub", "actor:octocat")],
    ["github", glob("sub", "repo:acme*:ref:refs/heads/main")],
    ["github", glob("sub", "repo:acme**")],
    ["github", glob("sub", "repository_owner:acme*")],
    ["github", glob("sub", "repository_id:7*")],
    ["github", glob("sub", "**:repo:acme/api:ref:refs/heads/main")],
    ["github", glob("job_workflow_ref", "**@refs/heads/main")],
    // Anybody may call a public reusable workflow.
    ["github", equals("job_workflow_ref", "acme/x/.github/workflows/y.yml@refs/heads/main")],
    ["github", glob("workflow_ref", "**@refs/heads/main")],
    ["github", glob("workflow_ref", "acme*/api/.github/workflows/x.yml@refs/heads/main")],
    ["github", glob("repository", "**/api")],
    ["github", glob("repository_owner", "acme*")],
    ["github", glob("repository_id", "7*")],
    ["github", glob("repository_owner_id", "*5")],
    ["github", { ...glob("repository", "acme/*", "*/api") }],
    ["github", { ...equals("sub", "repo:acme/api:ref:refs/heads/main", "environment:production") }],
    ["gitlab", equals("sub", "ref_type:branch:ref:main")],
    ["gitlab", glob("sub", "project_path:*/api:ref_type:branch:ref:main")],
    ["gitlab", glob("sub", "project_path:acme*:ref_type:branch:ref:main")],
    ["gitlab", glob("sub", "**:ref:main")],
    ["gitlab", glob("project_path", "*/api")],
    ["gitlab", glob("namespace_path", "acme*")],
    ["gitlab", glob("project_id", "2*")],
    ["gitlab", equals("user_login", "alice")],
    ["kubernetes", glob("sub", "system:serviceaccount:*:deployer")],
    ["kubernetes", glob("sub", "system:serviceaccount:**")],
    ["kubernetes", glob("sub", "system:serviceaccount:ci*:deployer")],
    ["kubernetes", glob("sub", "**:deployer")],
    ["kubernetes", equals("sub", "deployer")],
    ["kubernetes", glob("kubernetes.io.namespace", "ci*")],
    ["kubernetes", equals("kubernetes.io.serviceaccount.name", "deployer")],
    ["buildkite", glob("sub", "organization:*:pipeline:api:**")],
    ["buildkite", glob("sub", "organization:acme*")],
    ["buildkite", equals("sub", "pipeline:api:ref:refs/heads/main")],
    ["buildkite", glob("sub", "**:ref:refs/heads/main:**")],
    ["buildkite", glob("organization_slug", "acme*")],
    ["buildkite", equals("pipeline_slug", "api")],
    ["circleci", glob("sub", "org/*/project/2222/user/**")],
    ["circleci", glob("sub", "**/vcs-ref/refs/heads/main")],
    ["circleci", glob("oidc.circleci.com/vcs-origin", "github.com/*/api")],
    ["circleci", glob("oidc.circleci.com/project-id", "2222*")],
    ["circleci", equals("oidc.circleci.com/vcs-ref", "refs/heads/main")],
    ["bitbucket", glob("sub", "*:{99999999-8888-7777-6666-555555555555}")],
    ["bitbucket", glob("sub", "{aaaaaaaa-*")],
    ["bitbucket", glob("repositoryUuid", "{aaaa*")],
    ["bitbucket", equals("branchName", "main")],
    ["google", glob("sub", "1075*")],
    ["google", glob("email", "deployer@*")],
    ["google", glob("email", "deployer@*.iam.gserviceaccount.com")],
    ["google", glob("email", "*-compute@developer.gserviceaccount.com")],
    ["google", glob("email", "*my-project.iam.gserviceaccount.com")],
    ["google", glob("google.compute_engine.project_id", "my-*")],
    ["google", equals("google.compute_engine.zone", "europe-west1-b")],
    ["azure", glob("oid", "5d5e8b7a-*")],
    ["azure", glob("sub", "*")],
    ["azure", glob("azp", "*-444444444444")],
    ["azure", equals("tid", "99999999-8888-7777-6666-555555555555")],
    ["generic", glob("sub", "**@refs/heads/main")],
    ["generic", glob("sub", "*:production")],
  ];
  for (const [provider, condition] of open) {
    const { issuer = "https://issuer.example" }: { issuer?: string } = providers[provider];
    const conditions = [condition, ...provider.startsWith("git") ? [main] : []];
    assert.notDeepEqual(dangers({ provider, issuer, conditions }), [], JSON.stringify(condition));
  }
  const pinned: [ProviderName, Condition][] = [
    ["github", equals("sub", "repo:acme/api:environment:production")],
    ["github", equals("sub", "repo:acme@65/api@74:ref:refs/heads/main")],
    ["github", glob("sub", "repo:acme@65/*:ref:refs/heads/main")],
    ["github", equals("sub", "repository_owner:acme")],
    ["github", glob("sub", "repository_owner_id:65:**")],
    ["github", equals("repository_owner_id", "65")],
    ["github", glob("workflow_ref", "acme/api/.github/workflows/*@refs/heads/main")],
    ["gitlab", equals("sub", "project_path:acme/group/api:ref_type:branch:ref:main")],
    ["gitlab", glob("sub", "project_path:acme/*:ref_type:branch:ref:main")],
    ["gitlab", glob("project_path", "acme/**")],
    ["gitlab", equals("namespace_path", "acme")],
    ["gitlab", glob("namespace_path", "acme/*")],
    ["kubernetes", glob("sub", "system:serviceaccount:ci:*")],
    ["buildkite", glob("sub", "organization:acme:pipeline:api:ref:refs/heads/main:**")],
    ["buildkite", equals("sub", "0184990a-477b-4fa8-9968-496074483cee")],
    ["circleci", glob("sub", "org/1111/project/2222/**")],
    ["circleci", equals("oidc.circleci.com/project-id", "2222")],
    ["bitbucket", glob("sub", "{aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee}:*")],
    ["google", equals("email", "deployer@my-project.iam.gserviceaccount.com")],
    ["google", glob("email", "*@my-project.iam.gserviceaccount.com")],
    ["azure", equals("oid", "5d5e8b7a-1111-2222-3333-444444444444")],
    ["generic", glob("sub", "spiffe://acme.example/**")],
  ];
  for (const [provider, condition] of pinned) {
    const { issuer = "https://issuer.example" }: { issuer?: string } = providers[provider];
    const conditions = [condition, ...provider.startsWith("git") ? [main] : []];
    assert.deepEqual(dangers({ provider, issuer, conditions }), [], JSON.stringify(condition));
  }
});

Deno.test("on an issuer of the customer's own the rest must be named, but not the customer", () => {
  const issuer = "https://oidc.circleci.com/org/3c1f8e1e-5a0c-4a6e-9a5e-111111111111";
  const found = (condition: Condition) =>
    dangers({ provider: "circleci", issuer, conditions: [condition] });
  assert.deepEqual(found(equals("oidc.circleci.com/vcs-ref", "refs/heads/main")), []);
  // A fork's branch may be called x/vcs-ref/refs/heads/main.
  assert.notDeepEqual(found(glob("sub", "**/vcs-ref/refs/heads/main")), []);
  assert.notDeepEqual(found(glob("oidc.circleci.com/vcs-ref", "**")), []);
});

Deno.test("a condition that some pull request meets keeps no pull request out", () => {
  const owner = equals("repository_owner_id", "65");
  const admits: Condition[] = [
    glob("job_workflow_ref", "**@refs/heads/main"),
    glob("job_workflow_ref", "*/*/.github/workflows/release.yml@refs/heads/main"),
    glob("job_workflow_ref", "acme/**"),
    glob("job_workflow_ref", "acme/api/.github/workflows/deploy.yml@**"),
    glob("job_workflow_ref", "acme/api/.github/workflows/deploy.yml@refs/pull/**"),
    glob("workflow_ref", "acme/api/.github/workflows/deploy.yml@**"),
    glob("ref", "refs/*/*/merge"),
    glob("ref", "refs/**/9/merge"),
    glob("ref", "**/head"),
    glob("ref", "refs/heads/main", "refs/pul*/**"),
    glob("sub", "repo:acme/api:environment:*"),
    glob("sub", "repo:acme/api:ref:refs/**"),
    glob("sub", "repo:acme/api:job_workflow_ref:**@refs/heads/main"),
    equals("sub", "repository_owner:acme"),
    equals("sub", "repository_owner:acme:pull_request"),
    equals("sub", "repo:acme/api:ref:refs/pull/7/merge"),
  ];
  for (const condition of admits) {
    const rule = { provider: "github" as const, issuer: providers.github.issuer! };
    const found = dangers({ ...rule, conditions: [owner, condition] });
    assert.notDeepEqual(found, [], JSON.stringify(condition));
  }
  for (
    const condition of [
      equals("job_workflow_ref", "acme/x/.github/workflows/release.yml@refs/heads/main"),
      glob("job_workflow_ref", "acme/x/.github/workflows/*@refs/tags/v*"),
      glob("ref", "refs/heads/**"),
      equals("sub", "repo:acme/api:environment:production"),
    ]
  ) {
    const rule = { provider: "github" as const, issuer: providers.github.issuer! };
    assert.deepEqual(dangers({ ...rule, conditions: [owner, condition] }), []);
  }
});

Deno.test("of GitLab's claims only those count that tell branches apart", () => {
  const rule = { provider: "gitlab" as const, issuer: providers.gitlab.issuer! };
  const project = equals("project_id", "20");
  for (
    const condition of [
      equals("ref_protected", "false"),
      equals("ref_protected", "true", "false"),
      equals("environment_protected", "false"),
      glob("sub", "project_path:acme/api:**"),
      glob("sub", "project_path:acme/api:ref_type:branch:ref:**"),
      glob("ref", "*"),
    ]
  ) {
    const found = dangers({ ...rule, conditions: [project, condition] });
    assert.notDeepEqual(found, [], JSON.stringify(condition));
  }
  for (const condition of [equals("ref", "main"), equals("environment_protected", "true")]) {
    assert.deepEqual(dangers({ ...rule, conditions: [project, condition] }), []);
  }
});

Deno.test("an issuer of many customers is one by any template", () => {
  const conditions = [equals("ref", "refs/heads/main")];
  const issuer = "https://token.actions.githubusercontent.com";
  assert.match(dangers({ provider: "generic", issuer, conditions }).join(" "), /names no owner/);
});

Deno.test("a rule takes no issuer whose tokens could never be verified", async () => {
  const draft = (issuer: string) =>
    draftRule(
      "generic",
      { issuer, subject: "x", conditions: [] },
      () => Promise.resolve(undefined),
    );
  for (
    const issuer of [
      ...["http://idp.example", "ftp://idp.example", "idp.example", "https://", ""],
      ...["https://user:secret@idp.example", "https://user@idp.example"],
      ...["https://idp.example/?tenant=a", "https://idp.example#a", "https://idp.example?"],
      ...[" https://idp.example", "https://idp.example/a b", "https://bücher.example"],
      ...["http://10.0.0.1", "http://127.0.0.1.idp.example"],
    ]
  ) {
    await assert.rejects(draft(issuer), RuleDraftError, issuer);
  }
  for (
    const issuer of [
      ...["https://idp.example", "https://idp.example/", "https://idp.example:8443/org/1"],
      ...["https://10.0.0.1", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/a"],
    ]
  ) {
    assert.equal((await draft(issuer)).issuer, issuer);
  }
});

Deno.test("templates turn a few words into conditions", async () => {
  const lookUp = () => Promise.resolve("4711");
  const draft = (provider: ProviderName, wishes: Partial<RuleOptions>) =>
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
  const refusals: [ProviderName, Partial<RuleOptions>, RegExp][] = [
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

Deno.test("a star is a star only in a glob, and only a rule's own claims count", () => {
  assert.equal(holds(equals("ref", "refs/heads/*"), { ref: "refs/heads/main" }), false);
  assert.equal(holds(equals("ref", "refs/heads/*"), { ref: "refs/heads/*" }), true);
  assert.equal(holds(glob("ref", "refs/heads/*"), { ref: "refs/heads/main" }), true);
  // Text that every object has, but no token.
  for (const [claim, value] of [["toString.name", "toString"], ["constructor.name", "Object"]]) {
    assert.equal(holds(equals(claim, value), { nested: {} }), false, claim);
    assert.equal(holds(equals(`nested.${claim}`, value), { nested: {} }), false, claim);
  }
});

Deno.test("each safeguard on rules decides by itself", () => {
  const issuerOf = (provider: ProviderName) =>
    ({ ...providers } as Record<string, { issuer?: string }>)[provider].issuer ??
      "https://ci.example";
  const isSafe = (provider: ProviderName, ...conditions: Condition[]) =>
    dangers({ provider, issuer: issuerOf(provider), conditions }).length === 0;
  const repository = equals("repository_id", "74");
  const main = equals("ref", "refs/heads/main");
  assert.equal(isSafe("github", repository, main), true);

  // An exact star is text that no run has, a glob of stars is everything.
  assert.equal(isSafe("github", repository, main, equals("run_id", "*")), true);
  assert.equal(isSafe("github", repository, main, glob("run_id", "*")), false);
  assert.equal(isSafe("github", repository, main, glob("run_id", "7*", "**")), false);

  // Every value of a condition must pin the owner, not only one.
  assert.equal(isSafe("github", glob("repository_id", "74", "*7"), main), false);
  assert.equal(isSafe("generic", glob("sub", "job:*")), true);
  assert.equal(isSafe("generic", glob("sub", "job:*", "*")), false);
  assert.equal(isSafe("generic", glob("sub", "job:*", "*:job")), false);

  // Pull requests: by what is named, and by what is left open.
  assert.equal(isSafe("github", repository, main, equals("event_name", "pull_request")), false);
  assert.equal(
    isSafe("github", repository, main, equals("event_name", "pull_request_target")),
    false,
  );
  assert.equal(isSafe("github", repository, glob("ref", "refs/**")), false);
  assert.equal(isSafe("github", repository, equals("ref", "refs/*")), true, "exact, so no branch");
  assert.equal(isSafe("github", repository, equals("ref", "**")), true, "exact, so no branch");
  assert.equal(isSafe("github", repository), false);

  // The issuer is one customer's, but a subject may hold text that others choose.
  const ofOne = (...conditions: Condition[]) =>
    dangers({
      provider: "circleci",
      issuer: `https://oidc.circleci.com/org/${"0".repeat(36)}`,
      conditions,
    }).length === 0;
  assert.equal(ofOne(glob("sub", "org/*")), false);
  assert.equal(ofOne(equals("oidc.circleci.com/vcs-ref", "refs/heads/main")), true);
  assert.equal(ofOne(glob("oidc.circleci.com/vcs-ref", "*/main")), false);

  // GitLab: what is narrowed must be narrowed to something.
  const project = equals("project_id", "7");
  assert.equal(isSafe("gitlab", project, equals("ref", "main")), true);
  assert.equal(isSafe("gitlab", project, equals("ref_protected", "true")), true);
  assert.equal(isSafe("gitlab", project, equals("ref_protected", "false")), false);
  assert.equal(isSafe("gitlab", project, glob("ref", "**")), false);
  assert.equal(isSafe("gitlab", project), false);

  // A claim that every object has pins nobody.
  assert.equal(isSafe("github", equals("constructor", "x"), main), false);
  assert.equal(isSafe("github", equals("toString", "x"), main), false);
});

Deno.test("a repository's number is digits, so that no rule is made which never matches", async () => {
  for (
    const provider of ["github", "github-enterprise", "gitlab", "gitlab-self-managed"] as const
  ) {
    for (const repositoryId of ["abc", "1*", "12 ", "-1", "1.5", ""]) {
      const wishes = { subject: "acme/api", issuer: "https://git.example.com", conditions: [] };
      await assert.rejects(
        draftRule(provider, { ...wishes, repositoryId }, () => Promise.resolve(undefined)),
        (error) => error instanceof RuleDraftError && error.hints.fields?.[0] === "repository_id",
        `${provider} ${repositoryId}`,
      );
    }
  }
});
