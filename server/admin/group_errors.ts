import { brand } from "../../shared/brand.ts";
import { valueText } from "../../shared/list_text.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { DomainError } from "../domain_error.ts";

const bin = brand.binaryName;

export function noSuchGroup(name: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no group ${valueText(sanitizeLine(name, 100))}.`,
    { field: "name", commandHint: `To list all groups, run: ${bin} admin group list` },
  );
}

export function inConfigFile(name: string): DomainError {
  return new DomainError(
    "invalid",
    `The group ${name} is in the config file. Change it there, and restart the server. Only ` +
      "its members are added and removed here.",
    { field: "name" },
  );
}

export function everyUser(): DomainError {
  return new DomainError("invalid", "Every user is in the group user. It cannot be changed.", {
    field: "name",
  });
}

/** What would leave the server without an administrator. */
export function noAdministratorLeft({ canForce }: { canForce: boolean }): DomainError {
  return new DomainError(
    "conflict",
    "After this, no administrator could sign in. First grant the role to another user.",
    {
      reason: "last_administrator",
      commandHint: `To do so, run: ${bin} admin user update ADDRESS --admin` +
        (canForce ? ". To do this anyway, use --force." : ""),
    },
  );
}
