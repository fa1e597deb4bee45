import type { Child } from "hono/jsx";
import type { PageContext } from "../../context.ts";
import { csrfToken } from "../../http/csrf.ts";
import type { FormProblem } from "../../http/form_problem.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { ErrorSummary, formTitle } from "../../ui/form_field.tsx";
import { CsrfField, HiddenFields } from "../../ui/hidden_fields.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import type { Entries } from "./entries.ts";
import { LABELS, type Step, stepPath, STEPS, TRUST_PATH } from "./step_path.ts";

export async function stepPage(
  deps: PageDeps,
  c: PageContext,
  { step, entries, problems = [], preview, children }: {
    step: Step;
    entries: Entries;
    problems?: readonly FormProblem[];
    preview?: Child;
    children: Child;
  },
): Promise<Response> {
  const editing = entries.rule !== undefined;
  const title = editing ? "Edit rule" : "Add rule";
  const steps = STEPS.filter((name) => !editing || name !== "provider");
  const current = steps.indexOf(step);
  return await renderPage(deps, c, {
    name: `trust_${step}`,
    title: formTitle(`${title}: ${LABELS[step].toLowerCase()}`, problems),
    breadcrumbs: [{ path: TRUST_PATH, label: "Workloads" }],
    status: problems.length > 0 ? 422 : 200,
    children: (
      <main class="wide">
        <PageHeading title={title} />
        <ol class="steps" aria-label="Steps">
          {steps.map((name, index) => (
            <li aria-current={name === step ? "step" : undefined}>
              {index < current
                ? <a href={stepPath(deps, c, name, entries)}>{`${index + 1}. ${LABELS[name]}`}</a>
                : <span>{`${index + 1}. ${LABELS[name]}`}</span>}
            </li>
          ))}
        </ol>
        <ErrorSummary problems={problems} />
        {preview && (
          <section class="preview" aria-label="The rule so far" id="preview">{preview}</section>
        )}
        {children}
      </main>
    ),
  });
}

/** A step's form, with the entries of the other steps. `own`: those that it has fields for. */
export function StepForm(
  { deps, c, step, entries, own, children }: {
    deps: PageDeps;
    c: PageContext;
    step: Step;
    entries: Entries;
    own: readonly string[];
    children: Child;
  },
) {
  const others = Object.entries(entries).filter(([name, value]) => value && !own.includes(name));
  return (
    <form method="post" action={`${TRUST_PATH}/${entries.rule === undefined ? "add" : "edit"}`}>
      <CsrfField token={csrfToken(deps, c)} />
      <HiddenFields fields={{ step, ...Object.fromEntries(others) as Record<string, string> }} />
      {children}
    </form>
  );
}

/** The buttons below a step's form: the first one is what the enter key does. */
export function StepButtons(
  { next, value = "next", back = true }: { next: string; value?: string; back?: boolean },
) {
  return (
    <div class="choice">
      <button class="main" type="submit" name="do" value={value}>{next}</button>
      {back && <button type="submit" name="do" value="back" formnovalidate>Back</button>}
      <a class="button" href={TRUST_PATH}>Cancel</a>
    </div>
  );
}
