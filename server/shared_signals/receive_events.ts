/** Shared Signals: what an identity provider reports about its accounts (CAEP, RISC). */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../shared/clock.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { JwksCache } from "../federation/jwks_cache.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { findIdentityProvider, type IdentityProvider } from "../store/identity_providers.ts";
import {
  findProviderSignals,
  findReportedUsers,
  type ProviderSignals,
  recordProviderEvent,
} from "../store/provider_signals.ts";
import { recordJti } from "../store/used_assertions.ts";
import { applyReport, type Report } from "./apply_report.ts";
import { type EventSubject, readEventSubject, type SubjectContext } from "./event_subject.ts";
import {
  readSecurityEventToken,
  type SecurityEventToken,
  SetError,
} from "./security_event_token.ts";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";
const SSF = "https://schemas.openid.net/secevent/ssf/event-type/";

/** What each event means here. Others are accepted and recorded, as a transmitter may send any. */
const REPORTS: Readonly<Record<string, Report>> = {
  [`${CAEP}session-revoked`]: "session_revoked",
  [`${RISC}sessions-revoked`]: "session_revoked",
  [`${RISC}account-disabled`]: "account_disabled",
  [`${RISC}account-purged`]: "account_disabled",
  [`${RISC}account-enabled`]: "account_enabled",
  [`${RISC}account-credential-change-required`]: "credential_change",
};
const VERIFICATIONS = [`${SSF}verification`, `${RISC}verification`];

export interface ReceiveEventsDeps {
  sql: Sql;
  clock: Clock;
  providerKeys: JwksCache;
}

/** Handles a pushed token (RFC 8935 section 2). Undefined: it was accepted, now or before. */
export async function receiveEvents(
  deps: ReceiveEventsDeps,
  { provider: name, bearer, readToken, receiver, address }: {
    provider: string;
    bearer: string | undefined;
    /** Called once the sender is authenticated. */
    readToken(): Promise<string | SetError>;
    /** The address that receives the events. */
    receiver: string;
    address: string;
  },
): Promise<SetError | undefined> {
  const { sql, clock } = deps;
  const provider = await findIdentityProvider(sql, name);
  const signals = await findProviderSignals(sql, name);
  if (provider === undefined || !isAuthenticated(signals, bearer)) {
    return new SetError("authentication_failed", "The bearer token is missing or not valid.");
  }
  if (provider.disabledAt !== undefined) {
    return new SetError("access_denied", "The identity provider is disabled.");
  }
  const token = await readToken();
  const read = token instanceof SetError ? token : await readSecurityEventToken(deps, token, {
    issuer: signals.eventsIssuer ?? provider.issuer,
    audiences: signals.eventsAudience === undefined
      ? [receiver, provider.clientId]
      : [signals.eventsAudience],
  });
  if (read instanceof SetError) {
    await recordRepeatedAuditEvent(sql, clock, {
      event: "upstream.event_rejected",
      subject: name,
      address,
      details: { error: read.code, reason: read.description },
    });
    return read;
  }
  await sql.begin(async (tx) => {
    const issuer = `${read.issuer} security-events`;
    // RFC 8935 section 2: a token that was received before is acknowledged again.
    if (!await recordJti(tx, { issuer, jti: read.jti, expiresAt: read.rememberUntil })) return;
    await recordProviderEvent(tx, { provider: name, now: new Date(clock.now()) });
    await applyEvents(tx, deps, { provider, signals, token: read, address });
  });
}

function isAuthenticated(
  { eventsTokenHash }: ProviderSignals,
  bearer: string | undefined,
): boolean {
  if (eventsTokenHash === undefined || bearer === undefined) return false;
  const hash = createHash("sha256").update(bearer).digest();
  return timingSafeEqual(hash, Buffer.from(eventsTokenHash));
}

interface Received {
  provider: IdentityProvider;
  signals: ProviderSignals;
  token: SecurityEventToken;
  address: string;
}

async function applyEvents(
  tx: Transaction,
  { clock }: Pick<ReceiveEventsDeps, "clock">,
  { provider, signals, token, address }: Received,
): Promise<void> {
  for (const { type, payload } of token.events) {
    const report = REPORTS[type];
    if (report === undefined) {
      const isVerification = VERIFICATIONS.includes(type);
      await recordAuditEvent(tx, clock, {
        event: isVerification ? "upstream.events_verified" : "upstream.event_ignored",
        actor: provider.name,
        address,
        details: isVerification
          ? { state: sanitizeLine(String(payload.state ?? ""), 100) }
          : { type: sanitizeLine(type, 300) },
      });
      continue;
    }
    const subject = readEventSubject(
      token.subjectId ?? payload.subject,
      context(provider, signals),
    );
    const users = await usersOf(tx, provider, subject);
    const isKnown = users.length === 1 || (users.length === 0 && subject?.sessionId !== undefined);
    if (!isKnown) {
      await recordAuditEvent(tx, clock, {
        event: "upstream.event_ignored",
        actor: provider.name,
        address,
        details: { type, reason: users.length === 0 ? "unknown_user" : "several_users" },
      });
      continue;
    }
    await applyReport(tx, { clock }, {
      report,
      provider,
      signals,
      userId: users[0],
      sessionId: subject?.sessionId,
      address,
      event: "upstream.event_received",
      details: { type, ...reason(payload) },
    });
  }
}

function context(provider: IdentityProvider, signals: ProviderSignals): SubjectContext {
  return {
    issuer: provider.issuer,
    eventsIssuer: signals.eventsIssuer,
    isTrustedFor: (email) =>
      provider.domains.includes(email.slice(email.lastIndexOf("@") + 1).toLowerCase()),
  };
}

async function usersOf(
  tx: Transaction,
  { name }: IdentityProvider,
  subject: EventSubject | undefined,
): Promise<string[]> {
  const users = new Set<string>();
  for (const reported of subject?.users ?? []) {
    for (const id of await findReportedUsers(tx, name, reported)) users.add(id);
  }
  return [...users];
}

/** RISC's `reason` of account-disabled, and CAEP's `reason_admin` by language. */
function reason({ reason, reason_admin: text }: Record<string, unknown>): { reason?: string } {
  const value = typeof reason === "string" ? reason : Object(text).en ?? text;
  return typeof value === "string" ? { reason: sanitizeLine(value, 200) } : {};
}
