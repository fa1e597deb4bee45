import { type PasswordContext, passwordProblem } from "../../security/password_rules.ts";
import type { FormProblem } from "../http/form_problem.ts";

/** What is wrong with a new password that was typed twice. */
export function newPasswordProblems(
  password: string,
  repeated: string | undefined,
  context: PasswordContext,
): FormProblem[] {
  const problem = passwordProblem(password, context);
  if (problem !== undefined) {
    return [{ code: "invalid", message: problem, fields: ["password"] }];
  }
  if (password === repeated) return [];
  return [{
    code: "invalid",
    message: "The passwords do not match.",
    fields: ["repeated_password"],
  }];
}
