import { formatDuration } from "../../../../shared/duration.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import type { Condition } from "../../../federation/condition.ts";
import { describeCondition } from "../../../federation/condition.ts";
import { provider, type ProviderName } from "../../../federation/providers.ts";
import { capitalize, describeWorkloads } from "../../../federation/rule_sentence.ts";
import type { ListedTrustRule } from "../../../store/trust_rules.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";

/** A rule, or what is known of one that is being written. */
export interface SentenceRule {
  provider: ProviderName;
  /** Absent until they are valid. */
  workloads?: { issuer: string; conditions: readonly Condition[] };
  scope?: string;
  /** What the workloads act as: `the service account ci`. */
  actsAs?: string;
  lifetimeSeconds?: number;
  enabledUntil?: Date;
}

/** "GitHub Actions jobs on main of acme/api may use: deploy — as the service account ci." */
export function RuleSentence({ rule }: { rule: SentenceRule }) {
  const { workloads, scope, actsAs, lifetimeSeconds, enabledUntil } = rule;
  const who = workloads === undefined
    ? `${capitalize(provider(rule.provider).phrases.all)} of …`
    : describeWorkloads({ provider: rule.provider, ...workloads });
  return (
    <>
      <strong>
        <UntrustedText text={who} max={800} />
      </strong>{" "}
      may use: {scope ? <code>{scope.split(" ").join(", ")}</code> : "…"} — as{" "}
      {actsAs === undefined ? "…" : <UntrustedText text={actsAs} max={120} />}
      {lifetimeSeconds !== undefined && `, for ${formatDuration(lifetimeSeconds)} with each token`}
      {enabledUntil !== undefined && `, until ${formatTime(enabledUntil.getTime(), "UTC")}`}
      {actsAs === undefined ? "" : "."}
    </>
  );
}

/** The sentence of a rule that is saved, without its times. */
export function SavedRuleSentence({ rule }: { rule: ListedTrustRule }) {
  const { provider, scope } = rule;
  return <RuleSentence rule={{ provider, workloads: rule, scope, actsAs: accountOf(rule) }} />;
}

/** What the workloads of a saved rule act as. */
export function accountOf(
  { principal, principalName }: Pick<ListedTrustRule, "principal" | "principalName">,
): string {
  return `the ${principal.kind === "user" ? "user" : "service account"} ${principalName}`;
}

/** The claims that a token must have, exactly as they are compared. */
export function Requirements(
  { rule: { issuer, audience, conditions }, isOpen = false }: {
    rule: { issuer: string; audience: string; conditions: readonly Condition[] };
    isOpen?: boolean;
  },
) {
  const lines = [
    `iss is ${issuer}`,
    `aud is ${audience}`,
    ...conditions.map((condition) =>
      describeCondition(condition) +
      (condition.label === undefined ? "" : ` (the number of ${condition.label})`)
    ),
  ];
  return (
    <details open={isOpen}>
      <summary>What a token must contain</summary>
      <ul class="scopes">
        {lines.map((line) => (
          <li>
            <UntrustedText text={line} max={1200} />
          </li>
        ))}
      </ul>
    </details>
  );
}
