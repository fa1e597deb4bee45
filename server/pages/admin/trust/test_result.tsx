import { formatDuration } from "../../../../shared/duration.ts";
import { isGrant } from "../../../federation/decide_exchange.ts";
import type { ConditionCheck } from "../../../federation/match.ts";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import type { RuleTest } from "./test_rule.ts";

/** What the server would decide, and how each claim compares with the rule. */
export function TestResult({ test: { decision, candidate } }: { test: RuleTest }) {
  const match = decision.matches.find(({ rule }) => rule === candidate);
  const granted = isGrant(decision) ? decision.outcome.grant : undefined;
  const accepted = granted?.rule === candidate;
  return (
    <section
      id="result"
      class={accepted ? "result good" : "result bad"}
      data-result={accepted ? "granted" : granted ? "other_rule" : rejectionCode(decision)}
      role="status"
      tabindex={-1}
      autofocus
      aria-labelledby="result-title"
    >
      <h2 id="result-title">
        {accepted
          ? "The job would get an access token"
          : granted
          ? "The job would get an access token by another rule"
          : rejectionCode(decision)?.startsWith("issuer_")
          ? "The token could not be checked"
          : "The job would be rejected"}
      </h2>
      {granted
        ? (
          <p>
            It may use <code>{granted.scope.split(" ").join(", ")}</code> as{" "}
            <UntrustedText text={granted.principal.username} max={100} />, for{" "}
            {formatDuration(granted.rule.lifetimeSeconds)}
            {!accepted && (
              <>
                {" "}by the older rule <UntrustedText text={granted.rule.name} max={100} />
              </>
            )}.
          </p>
        )
        : <p>{reasonOf(decision, candidate)}</p>}
      {match !== undefined && match.mismatches.length > 0 && (
        <ul class="scopes">
          {match.mismatches.filter(({ code }) => code !== "condition").map(({ message }) => (
            <li>
              <UntrustedText text={`${message[0].toUpperCase()}${message.slice(1)}.`} max={300} />
            </li>
          ))}
        </ul>
      )}
      {match !== undefined && match.checks.length > 0 && (
        <DataTable
          caption="Claims of the token, compared with the rule"
          columns={[
            { label: "Claim", cell: ({ condition }) => <code>{condition.claim}</code> },
            {
              label: "Required",
              cell: ({ condition }) => (
                <UntrustedText
                  text={`${condition.values.join(" or ")}${
                    condition.operator === "glob" ? " (pattern)" : ""
                  }`}
                  max={300}
                />
              ),
            },
            {
              label: "In the token",
              cell: ({ values }) =>
                values.length === 0
                  ? <span class="muted">not there</span>
                  : <UntrustedText text={values.join(", ")} max={300} />,
            },
            {
              label: "Result",
              cell: ({ isMet }) => (
                <span>
                  {isMet ? <Badge tone="good">matches</Badge> : <Badge tone="bad">differs</Badge>}
                </span>
              ),
            },
          ]}
          rows={match.checks as ConditionCheck[]}
        />
      )}
    </section>
  );
}

function rejectionCode({ outcome }: RuleTest["decision"]): string | undefined {
  return "rejection" in outcome ? outcome.rejection.code : undefined;
}

function reasonOf(
  { issuer, outcome }: RuleTest["decision"],
  candidate: RuleTest["candidate"],
) {
  if (!("rejection" in outcome)) return null;
  if (issuer !== undefined && issuer !== candidate.issuer) {
    return (
      <>
        The token is from <UntrustedText text={issuer} max={200} />, but the rule trusts{" "}
        <UntrustedText text={candidate.issuer} max={200} />.
      </>
    );
  }
  if (outcome.rejection.code === "no_matching_rule") return <>The token does not match the rule.</>;
  return <UntrustedText text={outcome.rejection.message} max={500} />;
}
