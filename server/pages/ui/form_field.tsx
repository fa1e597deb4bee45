import type { Child } from "hono/jsx";

/** What is wrong with a form that was sent, in a sentence, and the ids of the fields to change. */
export interface FormProblem {
  message: string;
  fields?: readonly string[];
}

/**
 * What is wrong, at the top of a page whose form was sent. It has the focus, so that it is
 * on the screen and read aloud without any script; its links lead to the fields.
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
        {problems.map(({ message, fields }) => (
          <li>{fields?.length ? <a href={`#${fields[0]}`}>{message}</a> : message}</li>
        ))}
      </ul>
    </div>
  );
}

/** The title of a page with a form: it begins with "Error" where the form was refused. */
export function formTitle(title: string, problems: readonly FormProblem[]): string {
  return problems.length === 0 ? title : `Error: ${title}`;
}

/** Attributes of a field that tie it to what is wrong with it, and to its hint if it has one. */
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

/** A field with its label, what is wrong with it, and its hint; `children` is the control. */
export function Field(
  { id, label, hint, problems, also, children }: {
    id: string;
    label: string;
    hint?: Child;
    problems: readonly FormProblem[];
    /** A further class. */
    also?: string;
    children: Child;
  },
) {
  return (
    <div class={also === undefined ? "field" : `field ${also}`}>
      <label for={id}>{label}</label>
      {children}
      <FieldError id={id} problems={problems} />
      {hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** What is wrong with a field, beside it; where several are at fault, beside the first. */
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
