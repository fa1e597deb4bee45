import { DomainError } from "../domain_error.ts";
import { type Condition, conditionOn } from "./condition.ts";

/** The condition for a repository or project by its path, such as `acme/api` or `acme/*`. */
export function repositoryConditions(claim: string, path: string): Condition[] | DomainError {
  // A segment of dots would lead elsewhere in the URL of the provider's API.
  if (!/^[\w.*-]+(\/[\w.*-]+)+$/.test(path) || /(^|\/)\.+(\/|$)/.test(path)) {
    return new DomainError(
      "invalid",
      `"${path}" is not a valid repository. Write it like acme/api.`,
      { field: "subject" },
    );
  }
  return [conditionOn(claim, path)];
}
