/** Which rules trust workloads of others. */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import { buildRule, type RuleOptions } from "../../../server/federation/build_rule.ts";
import type { Condition } from "../../../server/federation/condition.ts";
import { provider, type ProviderName, providers } from "../../../server/federation/providers.ts";
import { findRuleRisks } from "../../../server/federation/rule_lint.ts";
import type { RuleRiskCode } from "../../../server/federation/rule_risk.ts";
import { equals, glob, parseConditions } from "../../support/conditions.ts";
import { assertGolden } from "../../support/golden.ts";
import { providerData } from "../../support/provider_data.ts";

function risks(
  name: ProviderName,
  conditions: readonly Condition[],
  issuer = provider(name).issuer ?? "https://issuer.example",
): RuleRiskCode[] {
  return findRuleRisks({ provider: name, issuer, conditions }).map(({ code }) => code);
}

const main = equals("ref", "refs/heads/main");
const repository = equals("repository_id", "74");

Deno.test("finds each risk of a rule", () => {
  const cases: [ProviderName, Condition[], RuleRiskCode[]][] = [
    ["github", [], ["no_condition", "no_ref"]],
    ["github", [main], ["no_owner"]],
    ["github", [glob("repository", "*"), main], ["no_owner", "matches_anything"]],
    ["github", [glob("repository", "*/api"), main], ["no_owner"]],
    ["github", [glob("repository", "acme*/api"), main], ["no_owner"]],
    ["github", [glob("sub", "repo:*")], ["no_owner", "pull_requests"]],
    ["github", [glob("sub", "repo:*/api:ref:refs/heads/main")], ["no_owner"]],
    ["github", [glob("sub", "**")], ["no_owner", "matches_anything", "pull_requests"]],
    ["github", [repository], ["no_ref"]],
    ["github", [repository, equals("event_name", "pull_request")], ["no_ref"]],
    ["github", [repository, glob("ref", "refs/pull/*/merge")], ["pull_requests"]],
    ["github", [equals("sub", "repo:acme/api:pull_request")], ["pull_requests"]],
    ["github", [glob("sub", "repo:acme/api:*")], ["pull_requests"]],
    ["github", [glob("sub", "repo:acme/**")], ["pull_requests"]],
    ["github", [repository, glob("ref", "refs/**")], ["pull_requests"]],
    ["github", [repository, main], []],
    ["github", [main, glob("sub", "repo:acme/api:**")], []],
    ["github", [glob("sub", "repo:acme/api:ref:refs/heads/**")], []],
    ["github", [repository, equals("environment", "production")], []],
    ["github", [glob("repository", "acme/*"), main], []],
    ["github", [glob("sub", "repo:acme/*:ref:refs/heads/main")], []],
    ["gitlab", [equals("project_id", "1")], ["no_ref"]],
    ["gitlab", [equals("project_id", "1"), equals("ref_protected", "true")], []],
    ["gitlab", [equals("ref", "main")], ["no_owner"]],
    ["kubernetes", [], ["no_condition"]],
    ["kubernetes", [equals("sub", "system:serviceaccount:ci:deployer")], []],
    ["circleci", [equals("oidc.circleci.com/project-id", "x")], []],
    ["google", [equals("aud", "x")], ["no_owner"]],
    ["generic", [glob("sub", "*")], ["no_fixed_start", "matches_anything"]],
    ["generic", [equals("sub", "x")], []],
  ];
  for (const [name, conditions, codes] of cases) {
    assert.deepEqual(risks(name, conditions), codes, `${name} ${JSON.stringify(conditions)}`);
  }
});

Deno.test("accepts as the owner only a fixed value in the provider's own grammar", async () => {
  for (const { name, guide } of providers) {
    // Variants of a provider share its page and its claims.
    if (name !== providers.find((provider) => provider.guide === guide)!.name) continue;
    const { alsoRequires = [], safe, risky } = (await providerData(name)).rules;
    const conditionsOf = (rule: string | string[]) =>
      parseConditions([...[rule].flat(), ...alsoRequires]);
    assert.ok(safe.length > 0 && risky.length > 0, name);
    for (const rule of safe) {
      assert.deepEqual(risks(name, conditionsOf(rule)), [], `${name} ${rule}`);
    }
    for (const rule of risky) {
      assert.notDeepEqual(risks(name, conditionsOf(rule)), [], `${name} ${rule}`);
    }
  }
});

Deno.test("does not ask for the customer on an issuer of a single customer", () => {
  const issuer = "https://oidc.circleci.com/org/3c1f8e1e-5a0c-4a6e-9a5e-111111111111";
  const circleci = (condition: Condition) => risks("circleci", [condition], issuer);
  assert.deepEqual(circleci(equals("oidc.circleci.com/vcs-ref", "refs/heads/main")), []);
  // A subject holds text that others choose: a fork's branch can be x/vcs-ref/refs/heads/main.
  assert.deepEqual(circleci(glob("sub", "org/*")), ["no_fixed_start"]);
  assert.deepEqual(circleci(glob("sub", "**/vcs-ref/refs/heads/main")), ["no_fixed_start"]);
  assert.deepEqual(circleci(glob("oidc.circleci.com/vcs-ref", "*/main")), ["no_fixed_start"]);
  assert.deepEqual(circleci(glob("oidc.circleci.com/vcs-ref", "**")), [
    "no_fixed_start",
    "matches_anything",
  ]);
});

Deno.test("finds pull requests that a condition on GitHub's claims lets match", () => {
  const owner = equals("repository_owner_id", "65");
  const matching: Condition[] = [
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
  for (const condition of matching) {
    const codes = risks("github", [owner, condition]);
    assert.deepEqual(codes, ["pull_requests"], JSON.stringify(condition));
  }
  for (
    const condition of [
      equals("job_workflow_ref", "acme/x/.github/workflows/release.yml@refs/heads/main"),
      glob("job_workflow_ref", "acme/x/.github/workflows/*@refs/tags/v*"),
      glob("ref", "refs/heads/**"),
      equals("sub", "repo:acme/api:environment:production"),
    ]
  ) {
    assert.deepEqual(risks("github", [owner, condition]), []);
  }
  for (const event of ["pull_request", "pull_request_target"]) {
    assert.deepEqual(risks("github", [repository, main, equals("event_name", event)]), [
      "pull_requests",
    ]);
  }
  // An exact value with a star is a branch that cannot exist.
  assert.deepEqual(risks("github", [repository, equals("ref", "refs/*")]), []);
  assert.deepEqual(risks("github", [repository, equals("ref", "**")]), []);
});

Deno.test("finds rules for GitLab that restrict neither branches nor environments", () => {
  const project = equals("project_id", "20");
  for (
    const condition of [
      equals("ref_protected", "false"),
      equals("ref_protected", "true", "false"),
      equals("environment_protected", "false"),
      glob("sub", "project_path:acme/api:**"),
      glob("sub", "project_path:acme/api:ref_type:branch:ref:**"),
      glob("ref", "*"),
      glob("ref", "**"),
    ]
  ) {
    const codes = risks("gitlab", [project, condition]);
    assert.equal(codes.at(-1), "no_ref", JSON.stringify(condition));
  }
  for (
    const condition of [
      equals("ref", "main"),
      equals("ref_protected", "true"),
      equals("environment_protected", "true"),
    ]
  ) {
    assert.deepEqual(risks("gitlab", [project, condition]), []);
  }
});

Deno.test("checks a rule by its issuer's provider, whatever provider it names", () => {
  const issuer = "https://token.actions.githubusercontent.com";
  assert.deepEqual(risks("generic", [main], issuer), ["no_owner"]);
});

Deno.test("checks each value of each condition", () => {
  assert.deepEqual(risks("github", [repository, main, equals("run_id", "*")]), []);
  assert.deepEqual(risks("github", [repository, main, glob("run_id", "*")]), ["matches_anything"]);
  assert.deepEqual(risks("github", [repository, main, glob("run_id", "7*", "**")]), [
    "matches_anything",
  ]);
  assert.deepEqual(risks("github", [glob("repository_id", "74", "*7"), main]), ["no_owner"]);
  assert.deepEqual(risks("generic", [glob("sub", "job:*")]), []);
  assert.deepEqual(risks("generic", [glob("sub", "job:*", "*")]), [
    "no_fixed_start",
    "matches_anything",
  ]);
  assert.deepEqual(risks("generic", [glob("sub", "job:*", "*:job")]), ["no_fixed_start"]);
  // A claim that every object has is not an owner.
  assert.deepEqual(risks("github", [equals("constructor", "x"), main]), ["no_owner"]);
  assert.deepEqual(risks("github", [equals("toString", "x"), main]), ["no_owner"]);
});

Deno.test("accepts the example of each provider", async () => {
  for (const { name, example } of providers) {
    const options = parseOptions(example);
    const rule = await buildRule(name, options, () => Promise.resolve("4711"));
    if (rule instanceof DomainError) throw rule;
    assert.deepEqual(findRuleRisks({ provider: name, ...rule }), [], name);
  }
});

Deno.test("describes the risks of a rule", async () => {
  const rules: [ProviderName, Condition[]][] = [
    ["generic", []],
    ["generic", [glob("sub", "*")]],
    ["github", [repository, main, equals("event_name", "pull_request")]],
    ...providers.map(({ name }): [ProviderName, Condition[]] => [name, [equals("x", "y")]]),
  ];
  const messages = rules.flatMap(([name, conditions]) =>
    findRuleRisks({
      provider: name,
      issuer: provider(name).issuer ?? "https://id.example",
      conditions,
    }).map(({ code, message }) => `${name}: ${code}\n  ${message}\n`)
  );
  await assertGolden("federation/rule_risks.txt", [...new Set(messages)].join(""));
});

/** The arguments of `admin trust add` in an example. */
function parseOptions(example: string): RuleOptions {
  const options: Record<string, string> = {};
  const conditions: string[] = [];
  const args = example.replaceAll("'", "").split(" ");
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--condition") conditions.push(args[++index]);
    else if (args[index].startsWith("--")) options[args[index].slice(2)] = args[++index];
    else options.subject = args[index];
  }
  return { ...options, conditions };
}
