import { brand } from "../../shared/brand.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { DomainError } from "../domain_error.ts";

export function emailTaken(email: string): DomainError {
  return new DomainError("conflict", `A user ${email} already exists.`, {
    field: "email",
    commandHint: `To see the account, run: ${brand.binaryName} admin user show ${shellWord(email)}`,
  });
}

export function disabledUser({ email }: { email: string }): DomainError {
  return new DomainError("conflict", `${email} is disabled. Enable the user first.`, {
    field: "email",
  });
}
