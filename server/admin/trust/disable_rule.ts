import type { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { setTrustRuleDisabled } from "../../store/trust_rules.ts";
import { adminEvent } from "../admin_event.ts";
import { editing } from "../managed.ts";
import type { Empty, TrustOperation } from "../operation.ts";
import { noRule } from "./edit_rule.ts";

/** Disables a rule, or enables it again. Tokens that were issued stay valid until they expire. */
export const setRuleDisabled: TrustOperation<
  { name: string; disabled: boolean },
  Empty | DomainError
> = editing("trust-rule", ({ name }) => name, async (deps, { name, disabled }) => {
  const { sql, clock } = deps;
  return await sql.begin(async (tx) => {
    const now = new Date(clock.now());
    if (!await setTrustRuleDisabled(tx, { name, disabled, now })) return noRule(name);
    const event = disabled ? "trust_rule.disabled" : "trust_rule.enabled";
    await recordAuditEvent(tx, clock, adminEvent(deps, { event, subject: name }));
    return {};
  }) as Empty | DomainError;
});
