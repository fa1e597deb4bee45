import { DomainError } from "../../domain_error.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import { findAuditDetails, recordAuditEvent } from "../../store/audit_events.ts";
import { setOwner } from "../../store/owners.ts";
import { findPrincipal } from "../../store/principals.ts";
import { deleteTrustRule, insertTrustRule } from "../../store/trust_rules.ts";
import { adminEvent } from "../admin_event.ts";
import { editing } from "../managed.ts";
import type { TrustOperation } from "../operation.ts";
import { noRule } from "./edit_rule.ts";

const REMOVED = "trust_rule.removed";

/** How long a removed rule can be restored. */
const RESTORABLE_MS = 3_600_000;

/** Removes a rule. The audit event contains the rule, so that `restoreTrustRule` can add it again. */
export const removeTrustRule: TrustOperation<
  { name: string },
  { event: string } | DomainError
> = editing(
  "trust-rule",
  ({ name }) => name,
  async (deps, { name }) =>
    await deps.sql.begin(async (tx) => {
      const rule = await deleteTrustRule(tx, name);
      if (rule === undefined) return noRule(name);
      const details = { rule: JSON.stringify(rule) };
      const event = adminEvent(deps, { event: REMOVED, subject: name, details });
      return { event: await recordAuditEvent(tx, deps.clock, event) };
    }) as { event: string } | DomainError,
);

/** Adds a rule again as it was before `event`, which removed it. */
export const restoreTrustRule: TrustOperation<{ event: string }, { name: string } | DomainError> =
  async (deps, { event }) => {
    const { sql, clock, actor } = deps;
    return await sql.begin(async (tx) => {
      const since = new Date(clock.now() - RESTORABLE_MS);
      const removed = await findAuditDetails(tx, { id: event, event: REMOVED, since });
      if (removed === undefined) {
        return new DomainError(
          "not_found",
          "The rule was removed too long ago to be restored. Add it again.",
        );
      }
      const rule: TrustRule = JSON.parse(
        String(removed.rule),
        (key, value) =>
          ["enabledUntil", "disabledAt", "createdAt"].includes(key) ? new Date(value) : value,
      );
      if (await findPrincipal(tx, rule.principal.id) === undefined) {
        return new DomainError(
          "conflict",
          `The account that ${rule.name} acted as no longer exists. Add the rule again.`,
        );
      }
      if (!await insertTrustRule(tx, rule)) {
        return new DomainError("conflict", `There is already a rule ${rule.name}.`);
      }
      if (actor !== undefined) {
        await setOwner(tx, { kind: "trust-rule", name: rule.name, ownerId: actor });
      }
      const restored = adminEvent(deps, { event: "trust_rule.restored", subject: rule.name });
      await recordAuditEvent(tx, clock, restored);
      return { name: rule.name };
    }) as { name: string } | DomainError;
  };
