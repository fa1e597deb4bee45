import type { Clock } from "../../../shared/clock.ts";
import type { AuthorizationRequest } from "../../oauth/authorization.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope, limitToFactor } from "../../scopes.ts";
import { acrOf } from "../../sign_in/authentication.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { traceContext } from "../../telemetry/tracing.ts";
import { insertAuthorizationCode } from "../../store/authorization_codes.ts";
import type { Sql } from "../../store/db/connect.ts";
import { insertDocumentClient } from "../../store/document_clients.ts";
import type { Session } from "../../store/sessions.ts";
import { approvalIdOf, generateAuthorizationCode } from "../../tokens/pkce.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { PageContext } from "../context.ts";

/** RFC 6749 section 4.1.2 recommends at most ten minutes. Programs redeem it at once. */
const CODE_LIFETIME_MS = 60_000;

/** Codes that are kept for a user, used or not: a page could request them in a loop. */
const MAX_CODES = 200;

export interface IssueCodeDeps {
  sql: Sql;
  clock: Clock;
  catalog: Pick<ResourceCatalog, "scopes">;
}

/**
 * A code for what the user has approved (RFC 6749 section 4.1.2); undefined if they were signed out
 * in the meantime. `scope` is what they were shown.
 */
export async function issueCode(
  { sql, clock, catalog }: IssueCodeDeps,
  c: PageContext,
  { session, request, scope: shownScope, isRemembered }: {
    session: Session;
    request: AuthorizationRequest;
    scope: string;
    /** Whether they approved it earlier. */
    isRemembered: boolean;
  },
): Promise<string | undefined> {
  const { client, redirectUri, codeChallenge, nonce, loginName, resources } = request;
  const { user, authenticatedAt, authentication } = session;
  const scope = limitToFactor(
    catalog.scopes(),
    acrOf(authentication),
    limitLoginScope(catalog.scopes(), user, client, shownScope),
  );
  const code = generateAuthorizationCode();
  const now = clock.now();
  if (client.document !== undefined) {
    await insertDocumentClient(sql, { ...client, document: client.document }, new Date(now));
  }
  const isIssued = await insertAuthorizationCode(sql, {
    codeHash: tokenHash(code),
    clientId: client.id,
    userId: user.id,
    sessionId: session.id,
    scope,
    resources,
    redirectUri,
    codeChallenge,
    nonce,
    loginName,
    authenticatedAt,
    authentication,
    createdAt: new Date(now),
    expiresAt: new Date(now + CODE_LIFETIME_MS),
    traceContext: traceContext(),
  }, MAX_CODES);
  if (!isIssued) return undefined;
  await recordAuditEvent(sql, clock, {
    event: "authorization.approved",
    actor: user.id,
    address: c.get("requester").address,
    details: {
      client_id: client.id,
      scope,
      approval: approvalIdOf(tokenHash(code)),
      ...isRemembered && { remembered: true },
    },
  });
  return code;
}
