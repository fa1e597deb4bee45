import type { FormParameters } from "../../http/form.ts";
import type { FormProblem } from "../http/form_problem.ts";
import { Field, fieldState } from "./form_field.tsx";

const OVERLAPS: [seconds: number, label: string][] = [
  [0, "Expires immediately"],
  [3600, "Expires in 1 hour"],
  [86_400, "Expires in 1 day"],
  [7 * 86_400, "Expires in 7 days"],
  [30 * 86_400, "Expires in 30 days"],
];
const DEFAULT_OVERLAP = "86400";

/** How long what a rotation replaces stays valid. */
export function OverlapField(
  { label, form, problems = [] }: {
    label: string;
    form?: FormParameters;
    problems?: readonly FormProblem[];
  },
) {
  const selected = form?.("overlap") ?? DEFAULT_OVERLAP;
  return (
    <Field
      id="overlap"
      label={label}
      hint="Leave enough time to replace it wherever it is used. If it leaked, let it expire immediately."
      problems={problems}
    >
      <select id="overlap" name="overlap" {...fieldState(problems, "overlap", { hint: true })}>
        {OVERLAPS.map(([seconds, label]) => (
          <option value={String(seconds)} selected={selected === String(seconds)}>{label}</option>
        ))}
      </select>
    </Field>
  );
}

/** In seconds; NaN if the form has no number. */
export function readOverlap(form: FormParameters): number {
  return Number(form("overlap") ?? DEFAULT_OVERLAP);
}
