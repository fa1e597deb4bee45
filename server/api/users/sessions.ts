import { listUserSessions, signOutUser } from "../../admin/user_sessions.ts";
import { DomainError } from "../../domain_error.ts";
import { type ApiRequest, operation, type OperationDeps } from "../operation.ts";
import { administrator } from "../administrator.ts";
import { userOfPath } from "./user_of_path.ts";
import { signedOut, userSessions } from "./schemas.ts";

export const listSessionsOperation = operation({
  method: "get",
  path: "/api/v1/users/{id}/sessions",
  id: "listUserSessions",
  summary: "List the browsers in which a user is signed in, last used first",
  description: "At most 1000.",
  access: "users_read",
  response: { status: 200, description: "The browser sessions.", schema: userSessions },
  async handle(deps, request) {
    const user = userOfPath(request);
    if (user instanceof DomainError) return user;
    const listed = await listUserSessions(administrator(deps, request), user);
    if (listed instanceof DomainError) return listed;
    return {
      sessions: listed.sessions.map(({ id, address, userAgent, createdAt, lastSeenAt }) => ({
        id,
        address,
        user_agent: userAgent,
        created_at: createdAt,
        last_seen_at: lastSeenAt,
      })),
    };
  },
});

export const signOutSessionOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/sessions/{session}",
  id: "signOutUserSession",
  summary: "Sign out one browser of a user",
  description: "Logins and personal access tokens stay as they are.",
  access: "users_write",
  response: { status: 200, description: "The browser is signed out.", schema: signedOut },
  handle: (deps, request) => signOut(deps, request, request.path.session),
});

export const signOutSessionsOperation = operation({
  method: "delete",
  path: "/api/v1/users/{id}/sessions",
  id: "signOutUser",
  summary: "Sign out all browsers of a user",
  description: "Logins and personal access tokens stay as they are.",
  access: "users_write",
  response: { status: 200, description: "The browsers are signed out.", schema: signedOut },
  handle: (deps, request) => signOut(deps, request),
});

async function signOut(deps: OperationDeps, request: ApiRequest, sessionId?: string) {
  const user = userOfPath(request);
  if (user instanceof DomainError) return user;
  const result = await signOutUser(administrator(deps, request), { ...user, sessionId });
  return result instanceof DomainError ? result : { browsers: result.browsers };
}
