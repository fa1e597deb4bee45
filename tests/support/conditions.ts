/** Conditions of trust rules, as tests write them. */
import type { Condition } from "../../server/federation/condition.ts";

export function equals(claim: string, ...values: string[]): Condition {
  return { claim, operator: "equals", values };
}

export function glob(claim: string, ...values: string[]): Condition {
  return { claim, operator: "glob", values };
}

/** `claim=value` or `claim~glob`, as `admin trust add --condition` takes them. */
export function parseConditions(texts: readonly string[]): Condition[] {
  const conditions: Condition[] = [];
  for (const text of texts) {
    const [, claim, sign, value] = /^([^=~]+)([=~])(.+)$/s.exec(text)!;
    const condition = sign === "~" ? glob(claim, value) : equals(claim, value);
    const last = conditions.at(-1);
    if (last?.claim === claim && last.operator === condition.operator) last.values.push(value);
    else conditions.push(condition);
  }
  return conditions;
}
