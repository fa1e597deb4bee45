import type { AuditEvent } from "../store/audit_events.ts";
import type { AdminDeps } from "./operation.ts";

/** The audit event of an operation, with who requested it and from where. */
export function adminEvent(
  { actor = "operator", address, loginId, applying }: Pick<
    AdminDeps,
    "actor" | "address" | "loginId" | "applying"
  >,
  { details = {}, ...event }: Pick<AuditEvent, "event" | "subject" | "details">,
): AuditEvent & { actor: string } {
  return {
    ...event,
    actor,
    address,
    details: {
      ...details,
      ...loginId !== undefined && { login: loginId },
      ...applying !== undefined && { applied: applying },
    },
  };
}
