import { valueText } from "../../shared/list_text.ts";
import { brand } from "../../shared/brand.ts";
import { DomainError } from "../domain_error.ts";

export function noSuchUser(email: string): DomainError {
  return new DomainError("not_found", `There is no user ${valueText(email)}.`, {
    field: "email",
    commandHint: `To list all users, run: ${brand.binaryName} admin user list`,
  });
}
