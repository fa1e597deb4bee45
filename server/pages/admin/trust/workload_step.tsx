import type { Child } from "hono/jsx";
import { type Provider, type RuleField } from "../../../federation/provider.ts";
import { provider, type ProviderName } from "../../../federation/providers.ts";
import type { PageContext } from "../../context.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { Field, fieldState } from "../../ui/form_field.tsx";
import { TextField } from "../../ui/text_field.tsx";
import { type Entries, WORKLOAD_ENTRIES } from "./entries.ts";
import { StepButtons, StepForm, stepPage } from "./steps.tsx";

/** Which of the provider's workloads: only its own fields, in its own terms. */
export async function workloadStep(
  deps: PageDeps,
  c: PageContext,
  { name, entries, problems, preview }: {
    name: ProviderName;
    entries: Entries;
    problems: readonly FormProblem[];
    preview: Child;
  },
): Promise<Response> {
  const declared = provider(name);
  const { fields, issuer, title } = declared;
  const rare = ["audience", ...issuer === undefined ? [] : ["issuer"]] as const;
  const isRareOpen = [...rare, "conditions"].some((id) =>
    entries[id as keyof Entries] !== undefined ||
    problems.some(({ fields }) => fields?.includes(id))
  );
  const field = (id: keyof Provider["fields"], entry: keyof Entries) => (
    <EntryField {...{ entries, problems, entry }} field={fields[id]} />
  );
  return await stepPage(deps, c, {
    step: "workload",
    entries,
    problems,
    preview,
    children: (
      <StepForm {...{ deps, c, entries }} step="workload" own={WORKLOAD_ENTRIES}>
        <h2>{title}: which workload?</h2>
        {field("subject", "subject")}
        {field("repositoryId", "repository_id")}
        {issuer === undefined && field("issuer", "issuer")}
        {field("workflow", "workflow")}
        {field("branch", "branch")}
        {field("tag", "tag")}
        {field("environment", "environment")}
        <details open={isRareOpen}>
          <summary>Further conditions</summary>
          {issuer !== undefined && field("issuer", "issuer")}
          {field("audience", "audience")}
          <Field
            id="conditions"
            label="Conditions on claims"
            hint="One per line: claim=value, or claim~pattern, where * matches anything except : and /"
            problems={problems}
          >
            <textarea
              id="conditions"
              name="conditions"
              maxlength={1500}
              autocapitalize="none"
              spellcheck={false}
              {...fieldState(problems, "conditions", { hint: true })}
            >
              {entries.conditions ?? ""}
            </textarea>
          </Field>
          <p class="small">
            Claims of its tokens (<a href={declared.documentation}>reference</a>):
          </p>
          <ul class="fields">
            {declared.claims.map(({ claim, description }) => (
              <li>
                <code>{claim}</code> — {description}
              </li>
            ))}
          </ul>
        </details>
        <StepButtons next="Continue" back={entries.rule === undefined} />
      </StepForm>
    ),
  });
}

function EntryField({ entries, problems, entry, field }: {
  entries: Entries;
  problems: readonly FormProblem[];
  entry: keyof Entries;
  field: RuleField | undefined;
}) {
  if (field === undefined) return null;
  const isFirst = entry === "subject";
  return (
    <TextField
      id={entry}
      label={field.label + (isFirst || field.required ? "" : " (optional)")}
      hint={
        <>
          {field.hint} For example, <code>{field.example}</code>
        </>
      }
      problems={problems}
      maxlength={500}
      autocapitalize="none"
      autocomplete="off"
      spellcheck={false}
      autofocus={isFirst && problems.length === 0}
      value={entries[entry] ?? ""}
    />
  );
}
