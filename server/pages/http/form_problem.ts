import type { DomainError } from "../../domain_error.ts";

/** Why a form was rejected. */
export interface FormProblem {
  /** Identifies the problem in `data-error`. */
  code: string;
  /** What is wrong and what to do, in sentences. */
  message: string;
  /** Ids of the fields to change, the most relevant first. */
  fields?: readonly string[];
}

/**
 * A failure of a use case, at the field that it is about. `fieldIds` has the ids of fields that
 * are called differently on the page.
 */
export function toFormProblem(
  { code, message, field }: DomainError,
  fieldIds: Record<string, string> = {},
): FormProblem {
  return { code, message, fields: field === undefined ? undefined : [fieldIds[field] ?? field] };
}
