/** The sentences that stand for rules on the pages. */
import { buildRule, type RuleOptions } from "../../../server/federation/build_rule.ts";
import { DomainError } from "../../../server/domain_error.ts";
import type { ProviderName } from "../../../server/federation/providers.ts";
import { providers } from "../../../server/federation/providers.ts";
import { describeWorkloads } from "../../../server/federation/rule_sentence.ts";
import { assertGolden } from "../../support/golden.ts";

const RULES: [ProviderName, Partial<RuleOptions>][] = [
  ["github", { subject: "acme/api", repositoryId: "74", workflow: "deploy.yml", branch: "main" }],
  ["github", { repositoryId: "74", environment: "production" }],
  ["github", { subject: "acme/*", tag: "v*" }],
  ["github", { conditions: ["repository_owner_id=65", "ref~refs/heads/*"] }],
  ["github", { issuer: "https://token.actions.githubusercontent.com/acme", subject: "acme/api" }],
  ["gitlab", { subject: "acme/api", branch: "main", conditions: ["ref_protected=true"] }],
  ["circleci", { subject: "3c1f8e1e-5a0c-4a6e-9a5e-111111111111", branch: "main" }],
  ["generic", { issuer: "https://id.example.com" }],
];

Deno.test("describes the workloads of a rule in a sentence", async () => {
  const typical = providers.map((
    { name, subject, fields },
  ): [ProviderName, Partial<RuleOptions>] => [
    name,
    { subject: subject.example, issuer: fields.issuer?.required && fields.issuer.example },
  ]);
  const lines: string[] = [];
  for (const [provider, options] of [...typical, ...RULES]) {
    const rule = await buildRule(
      provider,
      { conditions: [], ...options },
      () => Promise.resolve(undefined),
    );
    if (rule instanceof DomainError) throw rule;
    lines.push(`${describeWorkloads({ provider, ...rule })}\n`);
  }
  await assertGolden("federation/rule_sentences.txt", lines.join(""));
});
