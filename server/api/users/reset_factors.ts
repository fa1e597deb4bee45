import { resetFactors } from "../../admin/reset_factors.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { removedFactors } from "./schemas.ts";

export const resetFactorsOperation = operation({
  method: "post",
  path: "/api/v1/users/{id}/reset-factors",
  id: "resetUserFactors",
  summary: "Remove the second factors of a user who has lost them",
  description: "Removes the authenticator app, the passkeys and the recovery codes. The user is " +
    "notified, and signs in with the password only.",
  access: "users_write",
  response: { status: 200, description: "What was removed.", schema: removedFactors },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const reset = await resetFactors(administrator(deps, request), user);
    if (reset instanceof DomainError) return reset;
    return {
      authenticator_app: reset.removed.totp,
      passkeys: reset.removed.passkeys,
      recovery_codes: reset.removed.recoveryCodes,
    };
  },
});
