import { managingFile } from "../../store/managed_file.ts";
import type { TrustRequestView } from "../../admin/trust/requests.ts";
import { DomainError } from "../../domain_error.ts";
import type { Condition } from "../../federation/condition.ts";
import { splitScope } from "../../../shared/oauth/scope.ts";
import { findTrustRule, findTrustRuleById, type ListedTrustRule } from "../../store/trust_rules.ts";
import type { OperationDeps } from "../operation.ts";

export function toResponse(rule: ListedTrustRule) {
  return {
    id: rule.id,
    name: rule.name,
    provider: rule.provider,
    issuer: rule.issuer,
    audience: rule.audience,
    conditions: rule.conditions.map(toCondition),
    scopes: splitScope(rule.scope),
    lifetime: rule.lifetimeSeconds,
    acts_as: rule.principalName,
    created_at: rule.createdAt.toISOString(),
    expires_at: rule.enabledUntil?.toISOString() ?? null,
    disabled_at: rule.disabledAt?.toISOString() ?? null,
    managed_by: managingFile(rule),
  };
}

export function toRequestResponse(request: TrustRequestView) {
  return {
    id: request.id,
    provider: request.provider,
    issuer: request.issuer,
    audience: request.audience,
    claims: request.claims,
    scopes: splitScope(request.scope ?? ""),
    address: request.address,
    count: request.count,
    first_seen_at: request.firstSeenAt,
    last_seen_at: request.lastSeenAt,
    rule: { ...request.rule, conditions: request.rule.conditions.map(toCondition) },
  };
}

function toCondition({ claim, operator, values, label }: Condition) {
  return { claim, operator, values, label: label ?? null };
}

/** Without members that are not there. */
export function fromConditions(
  conditions: readonly {
    claim: string;
    operator: "equals" | "glob";
    values: string[];
    label?: string | null;
  }[],
): Condition[] {
  return conditions.map(({ label, ...condition }) =>
    typeof label === "string" ? { ...condition, label } : condition
  );
}

/** The rule of this name, after an operation on it. */
export async function ruleResponse(
  { sql }: Pick<OperationDeps, "sql">,
  result: object | DomainError,
  name: string,
) {
  if (result instanceof DomainError) return toFailure(result);
  const rule = await findTrustRule(sql, name);
  return rule === undefined ? noRule() : toResponse(rule);
}

export async function findRule(
  { sql }: Pick<OperationDeps, "sql">,
  id: string,
): Promise<ListedTrustRule | DomainError> {
  return await findTrustRuleById(sql, id) ?? noRule();
}

function noRule(): DomainError {
  return new DomainError("not_found", "There is no trust rule with this id.");
}

const FIELDS: Record<string, string> = {
  scope: "scopes",
  lifetimeSeconds: "lifetime",
  serviceAccount: "service_account",
  userEmail: "user",
  enabledUntil: "expires_at",
};

/** With the names that the API has for fields. */
export function toFailure<T>(result: T | DomainError): T | DomainError {
  if (!(result instanceof DomainError) || result.field === undefined) return result;
  const { code, message, field, reason } = result;
  return new DomainError(code, message, { field: FIELDS[field] ?? field, reason });
}
