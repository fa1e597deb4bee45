import type { Clock } from "../../shared/clock.ts";
import { agentName, currentRequest } from "../request_context.ts";
import { isForAdministrators, isReadOnly } from "../../shared/management.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import { bearerChallenge, bearerToken } from "../http/authorization.ts";
import type { ClientInfo } from "../http/client_info.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { commandLineClient } from "../store/clients.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { findUser, type User } from "../store/users.ts";
import { describeResult } from "../validation/describe_result.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import type { ApiOperation } from "./operation.ts";
import { administratorsOnly, checkPermission } from "./permission.ts";
import { Problem } from "./problem.ts";

export interface AuthenticateDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "deviceFlow">;
  catalog: Pick<ResourceCatalog, "default" | "management">;
  issuer: string;
  tokenValidator: Pick<TokenValidator, "validate">;
}

/** The token and user of a request, as far as `access` demands them. */
export interface Authenticated {
  presented?: ValidatedToken;
  user?: User;
}

export async function authenticate(
  deps: AuthenticateDeps,
  { access, id }: Pick<ApiOperation, "access" | "id">,
  request: Request,
  client: ClientInfo,
): Promise<Authenticated | Problem | DomainError> {
  if (access === "public") return {};
  const resource = access === "token" ? deps.catalog.default : deps.catalog.management;
  const token = bearerToken(request.headers);
  if (token === undefined) {
    return unauthorized(
      `Send a token for ${resource.identifier} in the header "Authorization: Bearer". ` +
        `See ${deps.issuer}/api/docs.`,
      bearerChallenge(),
    );
  }
  const result = await deps.tokenValidator.validate(token, client, resource);
  if (result.state !== "active") {
    const error = describeResult(result);
    return unauthorized(error.message, bearerChallenge(error));
  }
  const presented = result.token;
  if (access === "token") return { presented };
  const permitted = await checkAccess(deps, access, presented);
  if (permitted instanceof DomainError) {
    const { sql, clock } = deps;
    const actor = presented.principalId;
    const details = { operation: id, error: permitted.code };
    await recordRepeatedAuditEvent(sql, clock, { event: "access.refused", actor, details });
  }
  return permitted;
}

async function checkAccess(
  deps: AuthenticateDeps,
  access: Exclude<ApiOperation["access"], "public" | "token">,
  presented: ValidatedToken,
): Promise<Authenticated | Problem | DomainError> {
  // Only users approve management, and only for the CLI (a scope's `clients`).
  if (presented.clientId !== commandLineClient.id || presented.authenticatedAt === undefined) {
    return new DomainError(
      "forbidden",
      `Only logins of ${commandLineClient.name} are allowed to use this API.`,
    );
  }
  const refusal = checkPermission(presented, access) ??
    (isReadOnly(access) ? undefined : checkFreshSignIn(deps, presented));
  if (refusal !== undefined) return refusal;
  const user = await findUser(deps.sql, presented.principalId);
  if (user === undefined || user.disabledAt !== undefined) {
    return new DomainError("forbidden", "The account is disabled. Contact your administrator.");
  }
  noteAgent(presented);
  // `admin` has operations that users may call for themselves, which check that.
  if (isForAdministrators(access) && !user.isAdmin) return administratorsOnly();
  return { presented, user };
}

/** So that the audit log says which program acted for the user. */
function noteAgent({ act, principalId }: ValidatedToken): void {
  const context = currentRequest();
  if (context === undefined || act === undefined) return;
  context.agent = { name: agentName(act.sub), actsFor: principalId };
}

/** `device_fresh_sign_in`: the sign-in was recent when the token was issued (RFC 9470). */
function checkFreshSignIn(
  { config }: AuthenticateDeps,
  { issuedAt, authenticatedAt = 0 }: ValidatedToken,
): Problem | undefined {
  const seconds = config.deviceFlow.freshSignInSeconds;
  if (seconds === undefined || issuedAt - authenticatedAt <= seconds * 1000) return undefined;
  const error = new OAuthError(
    "insufficient_user_authentication",
    "This server requires a more recent sign-in for this. Approve it in the browser again.",
  );
  return new Problem("fresh-sign-in", error.message, {
    headers: { "www-authenticate": bearerChallenge(error, { maxAge: seconds }) },
  });
}

function unauthorized(detail: string, challenge: string): Problem {
  return new Problem("unauthorized", detail, { headers: { "www-authenticate": challenge } });
}
