import { shortDuration } from "../../shared/duration.ts";
import { DomainError } from "../domain_error.ts";
import { buildRule, type RuleOptions } from "../federation/build_rule.ts";
import { type Condition, sameConditions } from "../federation/condition.ts";
import type { ProviderName } from "../federation/providers.ts";
import { toRuleOptions } from "../federation/rule_options.ts";
import type { ManagedKind } from "../store/managed.ts";
import { isSame } from "./compare_fields.ts";
import type { Field, Fields, Value } from "./field.ts";
import { kindOf } from "./schema.ts";

/** The fields of a thing by the keys of files, in their order, without defaults. */
export async function tableValues(
  kind: ManagedKind,
  fields: Fields,
  { issuer }: { issuer: string },
): Promise<Fields> {
  const properties = kind === "trust-rule" ? await ruleProperties(fields, issuer) : fields;
  const values: Fields = {};
  for (const field of kindOf(kind).fields) {
    const value = properties[field.property];
    if (value === undefined || value === null || field.secret !== undefined) continue;
    if (field.default !== undefined && isSame(value, field.default)) continue;
    values[field.key] = toFile(field, value);
  }
  return values;
}

function toFile(field: Field, value: Value): Value {
  if (field.type === "duration") return shortDuration(value as number);
  if (field.type !== "scopes") return value;
  return Object.fromEntries(
    Object.entries(value as Record<string, Record<string, Value>>).map(([name, scope]) => {
      const { deviceFlow, ...rest } = scope;
      if (deviceFlow === undefined && Object.keys(rest).length === 1) {
        return [name, rest.description];
      }
      return [name, { ...rest, ...deviceFlow !== undefined && { device_flow: deviceFlow } }];
    }),
  );
}

/** The options of a rule in place of its conditions, if they say exactly the same. */
async function ruleProperties(fields: Fields, ownIssuer: string): Promise<Fields> {
  const provider = fields.provider as ProviderName;
  const issuer = fields.issuer as string;
  const conditions = fields.conditions as unknown as Condition[];
  const options = toRuleOptions(provider, { issuer, conditions });
  const built = await buildRule(provider, options, () => Promise.resolve(undefined));
  const isExact = !(built instanceof DomainError) && built.issuer === issuer &&
    sameConditions(inOrder(built.conditions), inOrder(conditions));
  const written: RuleOptions = isExact
    ? options
    : { issuer, conditions: conditions.flatMap(lines) };
  return {
    ...fields,
    issuer: null,
    ...Object.fromEntries(
      Object.entries(written).filter(([, value]) => value !== undefined),
    ) as unknown as Fields,
    audience: fields.audience === ownIssuer ? null : fields.audience,
  };
}

function inOrder(conditions: readonly Condition[]): Condition[] {
  return conditions.toSorted((left, right) =>
    JSON.stringify(left) < JSON.stringify(right) ? -1 : 1
  );
}

/** A claim that is named again may be either. */
function lines({ claim, operator, values }: Condition): string[] {
  return values.map((value) => `${claim}${operator === "glob" ? "~" : "="}${value}`);
}
