/** A rule's conditions, back in the options that they come from. */
import assert from "node:assert/strict";
import { DomainError } from "../../../server/domain_error.ts";
import { buildRule, type RuleOptions } from "../../../server/federation/build_rule.ts";
import type { ProviderName } from "../../../server/federation/providers.ts";
import { toRuleOptions } from "../../../server/federation/rule_options.ts";

const issuer = "https://id.example.com";
const bitbucket = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc";
const organization = "3c1f8e1e-5a0c-4a6e-9a5e-111111111111";

const RULES: [ProviderName, Partial<RuleOptions>][] = [
  ["github", { repositoryId: "74", branch: "main" }],
  ["github", { subject: "acme/*", tag: "v*" }],
  ["github", { subject: "acme/api", repositoryId: "74", workflow: "deploy-*.yml", branch: "main" }],
  ["github", { repositoryId: "74", workflow: "deploy.yml", environment: "production" }],
  ["github", { repositoryId: "74", conditions: ["ref=refs/heads/release-*"] }],
  ["github", { environment: "production", conditions: ["repository_owner_id=65"] }],
  ["github", { conditions: ["ref=refs/heads/main", "ref=refs/heads/next", "repository_id=7"] }],
  ["gitlab", { repositoryId: "20", tag: "v1", conditions: ["ref_protected=true"] }],
  ["gitlab-self-managed", { repositoryId: "20", branch: "main", issuer }],
  ["buildkite", { subject: "acme/api", branch: "main" }],
  ["buildkite", { subject: "acme" }],
  ["circleci", { subject: organization, branch: "main" }],
  ["bitbucket", { subject: "{a}", issuer: bitbucket }],
  ["google", { subject: "107517467455664443766" }],
  ["azure", { subject: "5d5e8b7a", issuer }],
  ["kubernetes", { subject: "ci/deployer", issuer }],
  ["generic", { subject: "job", issuer, conditions: ["team~pay*"] }],
];

Deno.test("returns the options that a rule was built from", async () => {
  for (const [provider, ruleOptions] of RULES) {
    const options = { conditions: [], ...ruleOptions };
    const rule = await buildRule(provider, options, () => Promise.resolve(undefined));
    assert.ok(!(rule instanceof DomainError), JSON.stringify(rule));
    // The database has the keys in another order.
    const conditions = rule.conditions.map(({ claim, operator, values, label }) => ({
      values,
      label,
      claim,
      operator,
    }));
    const returned = toRuleOptions(provider, { ...rule, conditions });
    const again = await buildRule(provider, returned, () => Promise.resolve(undefined));
    assert.ok(!(again instanceof DomainError));
    const sorted = (conditions: unknown[]) => conditions.map((it) => JSON.stringify(it)).sort();
    assert.deepEqual(sorted(again.conditions), sorted(rule.conditions));
    assert.equal(again.issuer, rule.issuer);
    const { repositoryId, subject, workflow, branch, tag, environment } = returned;
    const fields = { repositoryId, subject, workflow, branch, tag, environment };
    for (const [name, value] of Object.entries(options)) {
      if (!(name in fields)) continue;
      assert.equal(fields[name as keyof typeof fields], value, `${provider} ${name}`);
    }
  }
});
