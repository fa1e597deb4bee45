import {
  approveQueuedSignIn,
  denyQueuedSignIn,
  listQueuedSignIns,
} from "../../admin/identity_providers/queue_operations.ts";
import { DomainError } from "../../domain_error.ts";
import { operation } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { approvedSignIn, queue, queuedSignIn, queueQuery } from "./schemas.ts";
import { toFailure, toQueuedSignIn } from "./to_response.ts";

export const listQueuedSignInsOperation = operation({
  method: "get",
  path: "/api/v1/sign-in-requests",
  id: "listSignInRequests",
  summary: "List first sign-ins that wait for an administrator",
  access: "identity_providers_read",
  query: queueQuery,
  response: { status: 200, description: "The oldest first.", schema: queue },
  async handle(deps, request) {
    const denied = request.query.denied === "true";
    const requests = await listQueuedSignIns(administrator(deps, request), { denied });
    return { requests: requests.map(toQueuedSignIn) };
  },
});

export const approveQueuedSignInOperation = operation({
  method: "post",
  path: "/api/v1/sign-in-requests/{id}/approve",
  id: "approveSignInRequest",
  summary: "Approve a first sign-in",
  description: "Creates the user, who can sign in from now on.",
  access: "identity_providers_write",
  response: { status: 200, description: "The new user.", schema: approvedSignIn },
  problems: ["conflict"],
  async handle(deps, request) {
    const approved = toFailure(
      await approveQueuedSignIn(administrator(deps, request), { request: request.id }),
    );
    if (approved instanceof DomainError) return approved;
    const { userId, email, provider } = approved;
    return { user_id: userId, email, provider };
  },
});

export const denyQueuedSignInOperation = operation({
  method: "post",
  path: "/api/v1/sign-in-requests/{id}/deny",
  id: "denySignInRequest",
  summary: "Deny a first sign-in",
  description: "The account cannot sign in, until it is approved.",
  access: "identity_providers_write",
  response: { status: 200, description: "The denied request.", schema: queuedSignIn },
  problems: ["conflict"],
  async handle(deps, request) {
    const denied = toFailure(
      await denyQueuedSignIn(administrator(deps, request), { request: request.id }),
    );
    return denied instanceof DomainError ? denied : toQueuedSignIn(denied);
  },
});
