import { formatScope } from "../../../shared/oauth/scope.ts";
import { addTrustRule } from "../../admin/trust/add_rule.ts";
import { setRuleDisabled } from "../../admin/trust/disable_rule.ts";
import { editTrustRule } from "../../admin/trust/edit_rule.ts";
import { removeTrustRule } from "../../admin/trust/remove_rule.ts";
import { DomainError } from "../../domain_error.ts";
import { isUsableIssuer } from "../../federation/issuer.ts";
import { listTrustRules } from "../../store/trust_rules.ts";
import { type ApiOperation, operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { newRule, rule, ruleChanges, ruleList } from "./schemas.ts";
import { findRule, fromConditions, ruleResponse, toResponse } from "./to_response.ts";

function unusableIssuer(): DomainError {
  return new DomainError(
    "invalid",
    "The issuer is not valid. Copy it from the iss claim of a token: an https URL without user, " +
      "query and fragment.",
    { field: "issuer" },
  );
}

const DEFAULT_LIFETIME_SECONDS = 600;

export const listTrustRulesOperation = operation({
  method: "get",
  path: "/api/v1/trust-rules",
  id: "listTrustRules",
  summary: "List trust rules",
  description: "The oldest first.",
  access: "trust_read",
  response: { status: 200, description: "All rules.", schema: ruleList },
  async handle({ sql }) {
    return { trust_rules: (await listTrustRules(sql)).map(toResponse) };
  },
});

export const showTrustRuleOperation = operation({
  method: "get",
  path: "/api/v1/trust-rules/{id}",
  id: "showTrustRule",
  summary: "Get a trust rule",
  access: "trust_read",
  response: { status: 200, description: "The rule.", schema: rule },
  async handle(deps, { id }) {
    const current = await findRule(deps, id);
    return current instanceof DomainError ? current : toResponse(current);
  },
});

export const addTrustRuleOperation = operation({
  method: "post",
  path: "/api/v1/trust-rules",
  id: "addTrustRule",
  summary: "Add a trust rule",
  description: "A rule that would trust workloads of others is rejected, unless `force` is set.",
  access: "trust_write",
  body: newRule,
  response: { status: 201, description: "The new rule.", schema: rule },
  problems: ["not-found", "conflict", "invalid"],
  async handle(deps, request) {
    const { body } = request;
    if (!isUsableIssuer(body.issuer)) return unusableIssuer();
    const added = await addTrustRule(administrator(deps, request), {
      name: body.name,
      provider: body.provider,
      issuer: body.issuer,
      audience: body.audience,
      conditions: fromConditions(body.conditions),
      scope: formatScope(body.scopes),
      lifetimeSeconds: body.lifetime ?? DEFAULT_LIFETIME_SECONDS,
      serviceAccount: body.service_account,
      userEmail: body.user,
      enabledUntil: body.expires_at,
      force: body.force ?? false,
    });
    return await ruleResponse(deps, added, body.name);
  },
});

export const editTrustRuleOperation = operation({
  method: "patch",
  path: "/api/v1/trust-rules/{id}",
  id: "editTrustRule",
  summary: "Change a trust rule",
  description:
    "Members that are not sent stay as they are. Tokens that the rule has issued stay valid until " +
    "they expire.",
  access: "trust_write",
  body: ruleChanges,
  response: { status: 200, description: "The changed rule.", schema: rule },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { id, body } = request;
    const before = await findRule(deps, id);
    if (before instanceof DomainError) return before;
    const { name } = before;
    const edited = await editTrustRule(administrator(deps, request), {
      name,
      issuer: body.issuer,
      audience: body.audience,
      conditions: body.conditions && fromConditions(body.conditions),
      scope: body.scopes && formatScope(body.scopes),
      lifetimeSeconds: body.lifetime,
      enabledUntil: body.expires_at,
      force: body.force ?? false,
      extendAccount: body.extend_account ? body.scopes && formatScope(body.scopes) : undefined,
    });
    return await ruleResponse(deps, edited, name);
  },
});

export const disableTrustRuleOperation = accessOperation(true);
export const enableTrustRuleOperation = accessOperation(false);

function accessOperation(disabled: boolean): ApiOperation {
  const verb = disabled ? "disable" : "enable";
  return operation({
    method: "post",
    path: `/api/v1/trust-rules/{id}/${verb}`,
    id: `${verb}TrustRule`,
    summary: disabled ? "Disable a trust rule" : "Enable a trust rule",
    description: disabled
      ? "It matches no token until it is enabled again. Tokens that it has issued stay valid until " +
        "they expire."
      : "Its workloads can get tokens again.",
    access: "trust_write",
    response: { status: 200, description: "The rule.", schema: rule },
    async handle(deps, request) {
      const before = await findRule(deps, request.id);
      if (before instanceof DomainError) return before;
      const { name } = before;
      const changed = await setRuleDisabled(administrator(deps, request), { name, disabled });
      return await ruleResponse(deps, changed, name);
    },
  });
}

export const removeTrustRuleOperation = operation({
  method: "delete",
  path: "/api/v1/trust-rules/{id}",
  id: "removeTrustRule",
  summary: "Remove a trust rule",
  description: "Tokens that it has issued stay valid until they expire.",
  access: "trust_write",
  response: { status: 204, description: "The rule is removed." },
  async handle(deps, request) {
    const before = await findRule(deps, request.id);
    if (before instanceof DomainError) return before;
    const removed = await removeTrustRule(administrator(deps, request), { name: before.name });
    return removed instanceof DomainError ? removed : undefined;
  },
});
