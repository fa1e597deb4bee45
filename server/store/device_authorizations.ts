import { type Acr, isAcr } from "../../shared/oauth/acr.ts";
import { type Authentication, authenticationFromRow } from "../sign_in/authentication.ts";
import type { Sql, Transaction } from "./db/connect.ts";

/** A login requested by a device (RFC 8628 section 3.1), as shown for approval. */
export interface DeviceAuthorization {
  id: string;
  userCode: string;
  clientId: string;
  scope: string;
  createdAt: Date;
  expiresAt: Date;
  requesterAddress: string;
  requesterUserAgent: string;
  /** The identifiers of the resources that are requested; undefined: the default one only. */
  resources?: readonly string[];
  /** The login of the command that requests an approval, if it has one. */
  loginId?: string;
  /** What the device calls itself. */
  loginName?: string;
  /** The largest age of the sign-in that may approve it, in seconds (RFC 9470). */
  maxAge?: number;
  /** What the sign-in must be at least (RFC 9470). */
  requiredAcr?: Acr;
  /** Of a further approval for a login: the longest lifetime of the token, in seconds. */
  requestedLifetime?: number;
  /** The span of the request that started it, for traces. */
  traceContext?: string;
}

interface Row {
  id: string;
  user_code: string;
  client_id: string;
  scope: string;
  created_at: Date;
  expires_at: Date;
  requester_address: string;
  requester_user_agent: string;
  resource: string | null;
  resources: string[] | null;
  login_id: string | null;
  login_name: string | null;
  max_age: number | null;
  required_acr: string | null;
  requested_lifetime: number | null;
  trace_context: string | null;
}

function fromRow(row: Row): DeviceAuthorization {
  return {
    id: row.id,
    userCode: row.user_code,
    clientId: row.client_id,
    scope: row.scope,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    requesterAddress: row.requester_address,
    requesterUserAgent: row.requester_user_agent,
    resources: requestedResources(row),
    loginId: row.login_id ?? undefined,
    loginName: row.login_name ?? undefined,
    maxAge: row.max_age ?? undefined,
    requiredAcr: isAcr(row.required_acr) ? row.required_acr : undefined,
    requestedLifetime: row.requested_lifetime ?? undefined,
    traceContext: row.trace_context ?? undefined,
  };
}

/** An earlier version of the server, which may still run, has one column for one resource. */
function requestedResources({ resource, resources }: Pick<Row, "resource" | "resources">) {
  return resources ?? (resource === null ? undefined : [resource]);
}

/**
 * Binds a pending code to the browser session in which it was entered: only that session may
 * decide. Undefined if the code does not exist or has expired.
 */
export async function enterUserCode(
  sql: Sql,
  entry: { userCode: string; sessionId: string; now: Date },
): Promise<DeviceAuthorization | undefined> {
  const rows = await sql<Row[]>`
    update device_authorizations
    set entered_session_id = ${entry.sessionId}, entered_at = ${entry.now}
    where user_code = ${entry.userCode} and status = 'pending' and expires_at > ${entry.now}
    returning *`;
  return rows.map(fromRow)[0];
}

/** The pending request of the code that this session entered. */
export async function findEnteredDeviceAuthorization(
  sql: Sql,
  entry: { id: string; sessionId: string; now: Date },
): Promise<DeviceAuthorization | undefined> {
  const rows = await sql<Row[]>`
    select * from device_authorizations
    where id = ${entry.id} and entered_session_id = ${entry.sessionId}
      and status = 'pending' and expires_at > ${entry.now}`;
  return rows.map(fromRow)[0];
}

/**
 * Approves or denies in one statement, once, and only from the session that entered the code. False
 * if it was decided before, has expired or belongs to another session. `scope` is the part of the
 * requested scope that the user had at that time.
 */
export async function decideDeviceAuthorization(
  sql: Sql,
  decision: {
    id: string;
    sessionId: string;
    userId: string;
    decision: "approved" | "denied";
    scope: string;
    authenticatedAt: Date;
    authentication?: Authentication;
    approverAddress: string;
    now: Date;
  },
): Promise<boolean> {
  const rows = await sql`
    update device_authorizations
    set status = ${decision.decision}, user_id = ${decision.userId}, scope = ${decision.scope},
      authenticated_at = ${decision.authenticatedAt}, decided_at = ${decision.now},
      acr = ${decision.authentication?.acr ?? null},
      amr = ${
    decision.authentication === undefined ? null : sql.json([...decision.authentication.amr])
  },
      approver_address = ${decision.approverAddress}
    where id = ${decision.id} and entered_session_id = ${decision.sessionId}
      and status = 'pending' and expires_at > ${decision.now}
    returning id`;
  return rows.length === 1;
}

/** The decision of this session; undefined while there is none. */
export async function findDecision(
  sql: Sql,
  entry: { id: string; sessionId: string },
): Promise<"approved" | "denied" | undefined> {
  const rows = await sql<{ status: string }[]>`
    select status from device_authorizations
    where id = ${entry.id} and entered_session_id = ${entry.sessionId} and status <> 'pending'`;
  if (rows.length === 0) return undefined;
  return rows[0].status === "denied" ? "denied" : "approved";
}

export interface RedeemedDeviceAuthorization {
  id: string;
  userId: string;
  scope: string;
  authenticatedAt: Date;
  authentication?: Authentication;
  decidedAt: Date;
  requesterAddress: string;
  /** Undefined for an approval of a server before this column. */
  approverAddress?: string;
  requesterUserAgent: string;
  resources?: readonly string[];
  loginId?: string;
  loginName?: string;
  requestedLifetime?: number;
  /** The browser session that approved it. */
  sessionId?: string;
  traceContext?: string;
}

/**
 * Redeems an approved code: of many polls at the same time, one gets it, the others undefined. Run
 * it in the transaction that creates the login.
 */
export async function redeemDeviceCode(
  tx: Transaction,
  code: { deviceCodeHash: Uint8Array; clientId: string; now: Date },
): Promise<RedeemedDeviceAuthorization | undefined> {
  const rows = await tx<{
    id: string;
    user_id: string;
    scope: string;
    authenticated_at: Date;
    acr: string | null;
    amr: string[] | null;
    decided_at: Date;
    requester_address: string;
    approver_address: string | null;
    requester_user_agent: string;
    resource: string | null;
    resources: string[] | null;
    login_id: string | null;
    login_name: string | null;
    requested_lifetime: number | null;
    entered_session_id: string | null;
    trace_context: string | null;
  }[]>`
    update device_authorizations set status = 'redeemed'
    where device_code_hash = ${code.deviceCodeHash} and client_id = ${code.clientId}
      and status = 'approved' and expires_at > ${code.now}
    returning id, user_id, scope, authenticated_at, acr, amr, decided_at, requester_address,
      approver_address, requester_user_agent, resource, resources, login_id, login_name,
      requested_lifetime, entered_session_id, trace_context`;
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    scope: row.scope,
    authenticatedAt: row.authenticated_at,
    authentication: authenticationFromRow(row),
    decidedAt: row.decided_at,
    requesterAddress: row.requester_address,
    approverAddress: row.approver_address ?? undefined,
    requesterUserAgent: row.requester_user_agent,
    resources: requestedResources(row),
    loginId: row.login_id ?? undefined,
    loginName: row.login_name ?? undefined,
    requestedLifetime: row.requested_lifetime ?? undefined,
    sessionId: row.entered_session_id ?? undefined,
    traceContext: row.trace_context ?? undefined,
  }))[0];
}

/** Withdraws the approvals of a user that no device has redeemed yet. */
export async function withdrawApprovals(
  sql: Sql | Transaction,
  userId: string,
): Promise<void> {
  await sql`
    update device_authorizations set status = 'denied'
    where user_id = ${userId} and status = 'approved'`;
}

/** Withdraws the approvals of browser sessions that no device has redeemed yet. */
export async function withdrawApprovalsOfSessions(
  tx: Transaction,
  sessionIds: readonly string[],
): Promise<void> {
  if (sessionIds.length === 0) return;
  await tx`
    update device_authorizations set status = 'denied'
    where entered_session_id in ${tx(sessionIds)} and status = 'approved'`;
}

/** Ends the requests and approvals of a client that no device has redeemed yet. */
export async function denyDeviceAuthorizationsOfClient(
  sql: Sql | Transaction,
  clientId: string,
): Promise<void> {
  await sql`
    update device_authorizations set status = 'denied'
    where client_id = ${clientId} and status in ('pending', 'approved')`;
}

/** Deletes requests that expired before `before`, at most `limit`; returns how many. */
export async function deleteOldDeviceAuthorizations(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<number> {
  const { count } = await sql`
    delete from device_authorizations where ctid = any(array(
      select ctid from device_authorizations where expires_at < ${before} limit ${limit}))`;
  return count;
}

/** More pending requests than this are not counted. */
const MAX_COUNTED = 100_000;

/** How many requests wait for approval, and the time of the database: for metrics. */
export async function countPendingDeviceAuthorizations(
  sql: Sql,
  now: Date,
): Promise<{ pending: number; databaseTime: Date }> {
  const [{ pending, database_time }] = await sql<{ pending: number; database_time: Date }[]>`
    select count(*)::int as pending, clock_timestamp() as database_time from (
      select 1 from device_authorizations
      where status = 'pending' and expires_at > ${now} limit ${MAX_COUNTED}
    ) as waiting`;
  return { pending, databaseTime: database_time };
}
