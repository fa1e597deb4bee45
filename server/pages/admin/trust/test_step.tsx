import type { Child } from "hono/jsx";
import { provider } from "../../../federation/providers.ts";
import { parseRecordedClaims } from "../../../federation/recorded_claims.ts";
import { recentRejections, type RecordedRejection } from "../../../store/audit_events.ts";
import { trustRulesOfIssuer } from "../../../store/trust_rules.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Field, FieldError, fieldState } from "../../ui/form_field.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import type { Candidate } from "./candidate.ts";
import type { Entries } from "./entries.ts";
import { StepButtons, StepForm, stepPage } from "./steps.tsx";
import { REJECTION_AGE_MS, type RuleTest } from "./test_rule.ts";
import { TestResult } from "./test_result.tsx";

const MAX_REJECTIONS = 5;

/** The rule as a whole: tested with a token or a rejected job, then saved. */
export async function testStep(
  deps: PageDeps,
  c: PageContext,
  { entries, candidate, newAccountScopes, test, rejection, problems, preview }: {
    entries: Entries;
    candidate: Candidate;
    newAccountScopes: readonly string[];
    test?: RuleTest;
    /** The rejected job that was selected for the test. */
    rejection?: string;
    problems: readonly FormProblem[];
    preview: Child;
  },
): Promise<Response> {
  const since = new Date(deps.clock.now() - REJECTION_AGE_MS);
  const rejections = await recentRejections(deps.sql, {
    issuer: candidate.issuer,
    since,
    limit: MAX_REJECTIONS,
  });
  const form = { deps, c, step: "test", entries, own: [] } as const;
  return await stepPage(deps, c, {
    step: "test",
    entries,
    problems,
    preview,
    children: (
      <>
        {test && <TestResult test={test} />}
        <StepForm {...form}>
          <h2>Test the rule</h2>
          <p>
            The test decides as the server would if the rule were saved. It issues no token.
          </p>
          <RejectionFields
            {...{ rejections, rejection, problems }}
            isIssuerTrusted={(await trustRulesOfIssuer(deps.sql, candidate.issuer)).length > 0}
            now={deps.clock.now()}
          />
          <TokenField candidate={candidate} problems={problems} />
          <p>
            <button type="submit" name="do" value="test">Test rule</button>
          </p>
        </StepForm>
        <StepForm {...form}>
          <h2>Save the rule</h2>
          {newAccountScopes.length > 0 && (
            <input type="hidden" name="extend" value={newAccountScopes.join(" ")} />
          )}
          {candidate.risks.length > 0 && (
            <div class="field">
              <label class="check">
                <input type="checkbox" id="force" name="force" {...fieldState(problems, "force")} />
                {" "}
                Save the rule although it trusts workloads of others
              </label>
              <FieldError id="force" problems={problems} />
            </div>
          )}
          <StepButtons
            next={entries.rule === undefined ? "Add rule" : "Save changes"}
            value="save"
          />
        </StepForm>
      </>
    ),
  });
}

function RejectionFields(
  { rejections, isIssuerTrusted, rejection, problems, now }: {
    rejections: readonly RecordedRejection[];
    /** Tokens of other issuers are rejected without a look at their claims. */
    isIssuerTrusted: boolean;
    rejection?: string;
    problems: readonly FormProblem[];
    now: number;
  },
) {
  if (rejections.length === 0) {
    return (
      <p class="muted" id="no-rejections">
        {isIssuerTrusted
          ? "No job of this issuer was rejected in the last 7 days. If you run the job now and no " +
            "rule matches, it appears here."
          : "The server checks tokens of this issuer once it has a rule. After that, rejected jobs " +
            "appear here. Until then, paste a token, or add the rule and run the job."}
      </p>
    );
  }
  return (
    <fieldset id="rejection" tabindex={-1}>
      <legend>With a rejected job</legend>
      {rejections.map(({ id, occurredAt, details }, index) => (
        <label class="check">
          <input
            type="radio"
            name="rejection"
            value={id}
            checked={rejection === undefined ? index === 0 : rejection === id}
          />
          <span>
            <UntrustedText text={describeJob(details)} max={300} />{" "}
            <span class="muted small">
              <TimeAgo at={occurredAt} now={now} />
            </span>
          </span>
        </label>
      ))}
      <FieldError id="rejection" problems={problems} />
    </fieldset>
  );
}

/** "acme/api, refs/heads/main, production": what the audit log has of the run. */
function describeJob(details: RecordedRejection["details"]): string {
  const claims = parseRecordedClaims(details.claims) ?? {};
  const names = ["repository", "project_path", "pipeline_slug", "repositoryUuid", "email", "ref"];
  const known = [...names, "build_branch", "branchName", "environment", "run_id", "pipeline_id"]
    .map((name) => claims[name]).filter((value) => typeof value === "string");
  return known.length > 0 ? known.join(", ") : String(claims.sub ?? details.sub ?? "");
}

/** The token is never sent back to the browser. */
function TokenField(
  { candidate, problems }: { candidate: Candidate; problems: readonly FormProblem[] },
) {
  const { printToken } = provider(candidate.provider);
  return (
    <>
      <Field
        id="token"
        label="With a token"
        hint="The identity token of a job, as its provider signed it. It is neither stored nor logged nor used up."
        problems={problems}
      >
        <textarea
          id="token"
          name="token"
          class="code"
          rows={3}
          autocapitalize="none"
          autocomplete="off"
          autocorrect="off"
          spellcheck={false}
          {...fieldState(problems, "token", { hint: true })}
        >
        </textarea>
      </Field>
      {printToken && (
        <details>
          <summary>How to get a token</summary>
          <p>
            Run this in the job. Anyone who can read the log can use the token until it expires, so
            that a rejected job is the safer test.
          </p>
          <pre class="command">{printToken(candidate.audience)}</pre>
        </details>
      )}
    </>
  );
}
