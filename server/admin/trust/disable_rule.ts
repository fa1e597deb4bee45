import type { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { setTrustRuleDisabled } from "../../store/trust_rules.ts";
import type { Empty, Operation } from "../operation.ts";
import { noRule } from "./edit_rule.ts";

/** Disables a rule, or enables it again. Tokens that were issued stay valid until they expire. */
export const setRuleDisabled: Operation<
  { name: string; disabled: boolean },
  Empty | DomainError
> = async ({ sql, clock, actor }, { name, disabled }) =>
  await sql.begin(async (tx) => {
    const now = new Date(clock.now());
    if (!await setTrustRuleDisabled(tx, { name, disabled, now })) return noRule(name);
    await recordAuditEvent(tx, clock, {
      event: disabled ? "trust_rule.disabled" : "trust_rule.enabled",
      actor: actor ?? "operator",
      subject: name,
    });
    return {};
  }) as Empty | DomainError;
