import type { Child, JSX } from "hono/jsx";
import type { FormProblem } from "../http/form_problem.ts";
import { Field, fieldState } from "./form_field.tsx";

/** A field with an `<input>`, which takes the other properties. */
export function TextField(
  { id, label, hint, problems, className, ...input }: {
    /** Also the name of the field. */
    id: string;
    label: string;
    hint?: Child;
    problems: readonly FormProblem[];
    className?: string;
  } & Omit<JSX.IntrinsicElements["input"], "id" | "name" | "class">,
) {
  return (
    <Field id={id} label={label} hint={hint} problems={problems} className={className}>
      <input
        id={id}
        name={id}
        {...input}
        {...fieldState(problems, id, { hint: hint !== undefined })}
      />
    </Field>
  );
}
