import type { Clock } from "../../../shared/clock.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import {
  type AppliedRule,
  deviceFlowRules,
  restrictionDetails,
  unmetRules,
} from "../../logins/device_flow.ts";
import { limitLoginScope } from "../../scopes.ts";
import { recordRepeatedAuditEvent } from "../../store/repeated_audit_events.ts";
import type { Client } from "../../store/clients.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";

interface RulesDeps {
  sql: Sql;
  clock: Clock;
  catalog: Pick<ResourceCatalog, "scopes">;
}

/** The operator's rules that prevent this browser session from approving the request now. */
export function findUnmetRules(
  { clock, catalog }: Omit<RulesDeps, "sql">,
  c: PageContext,
  request: DeviceAuthorization,
  client: Client,
): AppliedRule[] {
  const { user, authenticatedAt } = signedInSession(c);
  const scope = limitLoginScope(catalog.scopes(), user, client, request.scope);
  return unmetRules(deviceFlowRules(client, catalog.scopes(), scope), {
    requesterAddress: request.requesterAddress,
    approverAddress: c.get("requester").address,
    authenticatedAt,
    approvedAt: new Date(clock.now()),
  });
}

/** Whether the user can meet all of these rules by signing in again. */
export function isSignInTooOld(unmet: readonly AppliedRule[]): boolean {
  return unmet.length > 0 && unmet.every(({ rule }) => rule === "fresh-sign-in");
}

/** Records that the user cannot approve the request: a code that was sent to them, for example. */
export async function recordRestriction(
  { sql, clock }: RulesDeps,
  c: PageContext,
  request: DeviceAuthorization,
  unmet: readonly AppliedRule[],
): Promise<void> {
  await recordRepeatedAuditEvent(sql, clock, {
    event: "device.restricted",
    actor: signedInSession(c).user.id,
    subject: request.id,
    address: c.get("requester").address,
    details: restrictionDetails(unmet, request.clientId, request.requesterAddress),
  });
}
