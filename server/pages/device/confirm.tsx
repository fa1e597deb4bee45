import type { Clock } from "../../../shared/clock.ts";
import { intersectScope, parseScope } from "../../../shared/oauth/scope.ts";
import { isUuid } from "../../../shared/uuid.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import { limitLoginScope, requiredAcr } from "../../scopes.ts";
import type { AppliedRule } from "../../logins/device_flow.ts";
import { type Acr, satisfiesAcr } from "../../../shared/oauth/acr.ts";
import { acrOf, strongerAcr } from "../../sign_in/authentication.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Sql } from "../../store/db/connect.ts";
import {
  decideDeviceAuthorization,
  type DeviceAuthorization,
  findDecision,
} from "../../store/device_authorizations.ts";
import { type Client, findClient } from "../../store/clients.ts";
import { findActiveLogin, type RefreshTokenFamily } from "../../store/refresh_token_families.ts";
import type { Session } from "../../store/sessions.ts";
import { formatUserCode } from "../../tokens/user_code.ts";
import type { PageContext } from "../context.ts";
import { redirectToSignIn, signedInSession } from "../http/browser_session.ts";
import { SHOWN_SCOPE } from "../approval/shown_scope.ts";
import { approvalPage, type ApprovalPageDeps } from "./approval_page.tsx";
import { devicePath } from "./enter_code.tsx";
import { clientDisabled, requestGone, wrongAccount } from "./errors.tsx";
import { isSignInRecent } from "./further_approval.ts";
import { findPendingRequest } from "./pending_request.ts";
import { findUnmetRules, isSignInTooOld, recordRestriction } from "./unmet_rules.ts";
import { setSpanAttribute, spanLinker } from "../../telemetry/tracing.ts";

interface ConfirmDeps extends ApprovalPageDeps {
  sql: Sql;
  clock: Clock;
  catalog: ApprovalPageDeps["catalog"] & Pick<ResourceCatalog, "management">;
}

/** GET /device/confirm?request=… */
export async function showDeviceConfirm(deps: ConfirmDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  const request = await findPendingRequest(deps, session, c.get("query")("request"));
  if (request === undefined) return await requestGone(deps, c);
  const login = await findOwnLogin(deps, session, request);
  if (login === "another") return await wrongAccount(deps, c);
  const client = await findEnabledClient(deps, request);
  if (client === undefined) return await clientDisabled(deps, c, request.clientId);
  const unmet = findUnmetRules(deps, c, request, client);
  const again = mustSignInAgain(deps, session, { request, client, unmet });
  if (again !== undefined) return await signInAgain(deps, c, again);
  return await confirmPage(deps, c, { session, request, client, login, unmet });
}

async function confirmPage(
  deps: ConfirmDeps,
  c: PageContext,
  approval: Omit<Parameters<typeof approvalPage>[2], "isManagement">,
): Promise<Response> {
  const isManagement = deps.catalog.approved(approval.request.resources)
    .includes(deps.catalog.management);
  return await approvalPage(deps, c, { ...approval, isManagement });
}

async function signInAgain(
  deps: ConfirmDeps,
  c: PageContext,
  { acr }: { acr?: Acr },
): Promise<Response> {
  return redirectToSignIn(c, await confirmReturnPath(deps, c), { again: true, acr });
}

/**
 * POST /device/confirm: the decision. The user is asked each time, even after earlier approvals,
 * and the first decision counts (RFC 8628 section 5.4).
 */
export async function submitDeviceConfirm(deps: ConfirmDeps, c: PageContext): Promise<Response> {
  const { sql, clock, catalog } = deps;
  const session = signedInSession(c);
  const form = c.get("form");
  const id = form("request");
  const decision = ({ approve: "approved", deny: "denied" } as const)[form("decision") ?? ""];
  const request = await findPendingRequest(deps, session, id);
  if (decision === undefined || id === undefined) return await requestGone(deps, c);
  const login = request && await findOwnLogin(deps, session, request);
  if (login === "another") return await wrongAccount(deps, c);
  // Scopes that the page marked as not available are not approved, even if the user has them now.
  const client = request && await findEnabledClient(deps, request);
  if (request !== undefined && client === undefined) {
    return await clientDisabled(deps, c, request.clientId);
  }
  const scope = request === undefined || client === undefined ? "" : limitLoginScope(
    catalog.scopes(),
    session.user,
    client,
    intersectScope(request.scope, parseScope(form(SHOWN_SCOPE) ?? "") ?? []),
  );
  if (decision === "approved" && request !== undefined && client !== undefined) {
    const unmet = findUnmetRules(deps, c, request, client);
    const again = mustSignInAgain(deps, session, { request, client, unmet });
    if (again !== undefined) return await signInAgain(deps, c, again);
    if (unmet.length > 0) {
      await recordRestriction(deps, c, request, unmet);
      return await confirmPage(deps, c, { session, request, client, login, unmet });
    }
  }
  spanLinker()(request?.traceContext);
  setSpanAttribute("login.decision", decision);
  const decided = request !== undefined && client !== undefined &&
    await decideDeviceAuthorization(sql, {
      id: request.id,
      sessionId: session.id,
      userId: session.user.id,
      decision,
      scope,
      authenticatedAt: session.authenticatedAt,
      authentication: session.authentication,
      approverAddress: c.get("requester").address,
      now: new Date(clock.now()),
    });
  if (decided) {
    await recordAuditEvent(sql, clock, {
      event: `device.${decision}`,
      actor: session.user.id,
      subject: request.id,
      address: c.get("requester").address,
      details: {
        client_id: request.clientId,
        scope: decision === "approved" ? scope : request.scope,
        requester_address: request.requesterAddress,
      },
    });
  } else if (!isUuid(id) || await findDecision(sql, { id, sessionId: session.id }) === undefined) {
    return await requestGone(deps, c);
  }
  // Pressing a button twice redirects here too, to the stored decision.
  return c.redirect(`/device/done?request=${id}`, 303);
}

/** Undefined if the client was removed or disabled after it sent the request. */
async function findEnabledClient(
  { sql }: ConfirmDeps,
  { clientId }: DeviceAuthorization,
): Promise<Client | undefined> {
  const client = await findClient(sql, clientId);
  return client?.disabledAt === undefined ? client : undefined;
}

/** After signing in again the user has to enter the code again: it belongs to the old session. */
export async function confirmReturnPath(deps: ConfirmDeps, c: PageContext): Promise<string> {
  const session = c.get("session");
  const id = c.req.method === "POST" ? c.get("form")("request") : c.get("query")("request");
  const request = session && await findPendingRequest(deps, session, id);
  return devicePath(request && formatUserCode(request.userCode));
}

/** The login that requests a further approval, if any; `another` if it is not the user's. */
async function findOwnLogin(
  { sql, clock }: ConfirmDeps,
  { user }: Session,
  { loginId, clientId }: DeviceAuthorization,
): Promise<RefreshTokenFamily | undefined | "another"> {
  if (loginId === undefined) return undefined;
  const login = await findActiveLogin(sql, { id: loginId, now: new Date(clock.now()) });
  return login?.userId === user.id && login.clientId === clientId ? login : "another";
}

/**
 * What sign-in the user needs first: for the operator's rules, for a scope with a factor, or because
 * the request asks for a recent or stronger one. Undefined: they can decide, or never approve.
 */
function mustSignInAgain(
  deps: ConfirmDeps,
  session: Session,
  { request, client, unmet }: {
    request: DeviceAuthorization;
    client: Client;
    unmet: readonly AppliedRule[];
  },
): { acr?: Acr } | undefined {
  if (unmet.length > 0 && !isSignInTooOld(unmet)) return undefined;
  const catalog = deps.catalog.scopes();
  const scope = limitLoginScope(catalog, session.user, client, request.scope);
  const acr = strongerAcr(request.requiredAcr, requiredAcr(catalog, scope));
  if (!satisfiesAcr(acrOf(session.authentication), acr)) return { acr };
  return unmet.length > 0 || !isSignInRecent(deps, session, request) ? { acr } : undefined;
}
