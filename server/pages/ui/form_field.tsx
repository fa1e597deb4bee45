import type { Child } from "hono/jsx";
import type { FormProblem } from "../http/form_problem.ts";

/**
 * The problems of a rejected form, at the top of its page. It has the focus, so that it is visible
 * and read aloud without a script. Its links lead to the fields.
 */
export function ErrorSummary({ problems }: { problems: readonly FormProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <div
      class="problem summary"
      id="problems"
      role="alert"
      aria-labelledby="problems-title"
      tabindex={-1}
      autofocus
    >
      <h2 id="problems-title">There is a problem</h2>
      <ul>
        {problems.map(({ code, message, fields }) => (
          <li data-error={code}>
            {fields?.length ? <a href={`#${fields[0]}`}>{message}</a> : message}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The title of a page with a form, which says whether the form was rejected. */
export function formTitle(title: string, problems: readonly FormProblem[]): string {
  return problems.length === 0 ? title : `Error: ${title}`;
}

/** Attributes that connect a field with its problem, and with its hint if it has one. */
export function fieldState(
  problems: readonly FormProblem[],
  id: string,
  { hint = false }: { hint?: boolean } = {},
) {
  const problem = problemOf(problems, id);
  const describedBy = [
    ...problem === undefined ? [] : [errorId(problem.fields![0])],
    ...hint ? [`${id}-hint`] : [],
  ];
  return {
    "aria-invalid": problem === undefined ? undefined : "true" as const,
    "aria-describedby": describedBy.join(" ") || undefined,
  };
}

/** A field with its label, problem and hint; `children` is the control. */
export function Field(
  { id, label, hint, problems, className, children }: {
    id: string;
    label: string;
    hint?: Child;
    problems: readonly FormProblem[];
    /** An additional CSS class. */
    className?: string;
    children: Child;
  },
) {
  return (
    <div class={className === undefined ? "field" : `field ${className}`}>
      <label for={id}>{label}</label>
      {children}
      <FieldError id={id} problems={problems} />
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** The problem of a field, below it. A problem of several fields is below the first one. */
export function FieldError({ id, problems }: { id: string; problems: readonly FormProblem[] }) {
  const problem = problemOf(problems, id);
  return problem?.fields?.[0] === id
    ? <p class="error" id={errorId(id)}>{problem.message}</p>
    : null;
}

function problemOf(problems: readonly FormProblem[], id: string): FormProblem | undefined {
  return problems.find(({ fields }) => fields?.includes(id));
}

function errorId(id: string): string {
  return `${id}-error`;
}
