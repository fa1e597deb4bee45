import { type Condition, describeCondition } from "./condition.ts";
import { provider, type ProviderName } from "./providers.ts";
import { toRuleOptions } from "./rule_options.ts";

/** What a sentence needs of a rule. */
export interface DescribedRule {
  provider: ProviderName;
  issuer: string;
  conditions: readonly Condition[];
}

/**
 * The workloads of a rule as the beginning of a sentence: `GitHub Actions workflow deploy.yml on
 * main of acme/api`.
 */
export function describeWorkloads(rule: DescribedRule): string {
  const declared = provider(rule.provider);
  const { subject, repositoryId, workflow, branch, tag, environment, issuer, conditions } =
    toRuleOptions(rule.provider, rule);
  const all = rule.conditions.length === 0 ? `all ${declared.phrases.all}` : declared.phrases.all;
  const noun = declared.phrases.all.replace(/ \S+$/, "");
  const parts = [
    workflow === undefined ? all : `${noun} workflow ${workflow}`,
    branch !== undefined && `on ${branch}`,
    tag !== undefined && `for the tag ${tag}`,
    environment !== undefined && `in the environment ${environment}`,
    subject !== undefined && declared.phrases.of(subject),
    subject === undefined && repositoryId !== undefined &&
    `of the repository number ${repositoryId}`,
    conditions.length > 0 && `where ${describeFurther(rule, conditions)}`,
    issuer !== undefined && declared.issuerOf === undefined && `at ${issuer}`,
  ];
  return capitalize(parts.filter((part) => part !== false).join(" "));
}

export function capitalize(sentence: string): string {
  return sentence[0].toUpperCase() + sentence.slice(1);
}

/** The conditions that no option stands for: those that `lines` has. */
function describeFurther({ conditions }: DescribedRule, lines: readonly string[]): string {
  const claims = lines.map((line) => line.split(/[=~]/)[0]);
  return conditions.filter(({ claim }) => claims.includes(claim)).map(describeCondition)
    .join(" and ");
}
