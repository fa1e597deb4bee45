import { DomainError } from "../../domain_error.ts";

/** Names the option to change; `options` has one for each field that has an option. */
export function withOption(
  { code, field, message, commandHint }: DomainError,
  options: Readonly<Record<string, string>>,
): DomainError {
  const option = field === undefined ? undefined : options[field];
  return new DomainError(code, option === undefined ? message : `${option}: ${message}`, {
    field,
    commandHint,
  });
}
