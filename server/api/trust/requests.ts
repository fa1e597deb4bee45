import { formatScope } from "../../../shared/oauth/scope.ts";
import {
  approveTrustRequest,
  dismissTrustRequest,
  listAllTrustRequests,
  showTrustRequest,
} from "../../admin/trust/requests.ts";
import { DomainError } from "../../domain_error.ts";
import { sameConditions } from "../../federation/condition.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { approval, REQUEST_ID_SCHEMA, requestList, rule, trustRequest } from "./schemas.ts";
import { fromConditions, ruleResponse, toRequestResponse } from "./to_response.ts";

export const listTrustRequestsOperation = operation({
  method: "get",
  path: "/api/v1/trust-requests",
  id: "listTrustRequests",
  summary: "List workloads that no trust rule matches",
  description: "Those of the last 7 days that were not dismissed, the latest first.",
  access: "trust_read",
  response: { status: 200, description: "The pending requests.", schema: requestList },
  async handle(deps) {
    return { trust_requests: (await listAllTrustRequests(deps, {})).map(toRequestResponse) };
  },
});

export const showTrustRequestOperation = operation({
  method: "get",
  path: "/api/v1/trust-requests/{id}",
  id: "showTrustRequest",
  summary: "Get the pending request of a workload",
  access: "trust_read",
  idSchema: REQUEST_ID_SCHEMA,
  response: { status: 200, description: "The request.", schema: trustRequest },
  async handle(deps, { id }) {
    const request = await showTrustRequest(deps, { id: Number(id) });
    return request instanceof DomainError ? request : toRequestResponse(request);
  },
});

export const approveTrustRequestOperation = operation({
  method: "post",
  path: "/api/v1/trust-requests/{id}/approve",
  id: "approveTrustRequest",
  summary: "Add the rule of a pending request",
  description:
    "`conditions` and `scopes` repeat what was shown, so that nothing else is approved: " +
    "the workload may have requested other scopes since.",
  access: "trust_write",
  idSchema: REQUEST_ID_SCHEMA,
  body: approval,
  response: { status: 201, description: "The new rule.", schema: rule },
  problems: ["conflict", "invalid"],
  async handle(deps, request) {
    const { body } = request;
    const id = Number(request.id);
    const admin = administrator(deps, request);
    const current = await showTrustRequest(admin, { id });
    if (current instanceof DomainError) return current;
    if (!sameConditions(fromConditions(body.conditions), current.rule.conditions)) {
      const message = "The conditions are not those of the request. Get the request again.";
      return new DomainError("conflict", message, { field: "conditions" });
    }
    const approved = await approveTrustRequest(admin, {
      id,
      scope: formatScope(body.scopes),
      name: body.name,
      serviceAccount: body.service_account,
      userEmail: body.user,
    });
    return await ruleResponse(deps, approved, body.name ?? current.rule.name);
  },
});

export const dismissTrustRequestOperation = operation({
  method: "post",
  path: "/api/v1/trust-requests/{id}/dismiss",
  id: "dismissTrustRequest",
  summary: "Dismiss the pending request of a workload",
  description: "The workload stays rejected, and is no longer listed.",
  access: "trust_write",
  idSchema: REQUEST_ID_SCHEMA,
  response: { status: 200, description: "The request.", schema: trustRequest },
  async handle(deps, request) {
    const id = Number(request.id);
    const dismissed = await dismissTrustRequest(administrator(deps, request), { id });
    return dismissed instanceof DomainError ? dismissed : toRequestResponse(dismissed);
  },
});
