import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { disabledByProvider } from "../identity_providers/disabled_by.ts";
import { revokeSessionAccess } from "../logins/revoke_session_access.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import { listProviderSessions, type ProviderSignals } from "../store/provider_signals.ts";
import { lockUser, setDisabledAt } from "../store/users.ts";
import { disableLockedUser, lockUserWhoLeaves } from "../admin/user_operations.ts";

/** What a provider says about an account or one of its sessions. */
export type Report =
  | "session_revoked"
  | "account_disabled"
  | "account_enabled"
  | "credential_change";

interface AppliedReport {
  report: Report;
  provider: IdentityProvider;
  signals: Pick<ProviderSignals, "logoutRevokesLogins" | "disablesUsers">;
  /** Undefined: only the session is known. */
  userId?: string;
  /** The session at the provider; undefined: all of the user. */
  sessionId?: string;
  address?: string;
  /** The audit event, and its details. */
  event: string;
  details: Record<string, string>;
}

/** Does what a report of a provider means for its user here, with the audit event. */
export async function applyReport(
  tx: Transaction,
  deps: { clock: Clock },
  applied: AppliedReport,
): Promise<void> {
  const { report, userId } = applied;
  switch (report) {
    case "session_revoked":
      return await revokeSessions(tx, deps, applied);
    case "account_disabled":
      return userId === undefined
        ? await ignore(tx, deps, applied, "unknown_user")
        : await disable(tx, deps, applied, userId);
    case "account_enabled":
      return userId === undefined
        ? await ignore(tx, deps, applied, "unknown_user")
        : await enable(tx, deps, applied, userId);
    case "credential_change":
      return userId === undefined
        ? await ignore(tx, deps, applied, "unknown_user")
        : await signOut(tx, deps, applied, userId);
  }
}

async function revokeSessions(
  tx: Transaction,
  deps: { clock: Clock },
  { provider, signals, userId, sessionId, ...applied }: AppliedReport,
): Promise<void> {
  const sessions = await listProviderSessions(tx, {
    provider: provider.name,
    issuer: provider.issuer,
    userId,
    sessionId,
  });
  await revokeSessionAccess(tx, deps, {
    sessionIds: sessions.map(({ id }) => id),
    withLogins: signals.logoutRevokesLogins,
    reason: "upstream_logout",
    event: ({ browsers, logins }) => ({
      event: applied.event,
      actor: provider.name,
      subject: userId ?? sessions[0]?.userId,
      address: applied.address,
      details: { ...applied.details, browsers, logins: logins.length },
    }),
  });
}

/** Disables the user, or signs them out if the operator wants no more. */
async function disable(
  tx: Transaction,
  deps: { clock: Clock },
  applied: AppliedReport,
  userId: string,
): Promise<void> {
  const { provider, signals, event, address, details } = applied;
  if (!signals.disablesUsers) return await signOut(tx, deps, applied, userId);
  const user = await lockUserWhoLeaves(tx, userId, { to: "disable", force: false });
  if (user instanceof DomainError) {
    // No one else could enable the last administrator again; they lose everything but the account.
    const kept = { ...details, kept: "last_administrator" };
    return await signOut(tx, deps, { ...applied, details: kept }, userId);
  }
  await recordAuditEvent(tx, deps.clock, {
    event,
    actor: provider.name,
    subject: userId,
    address,
    details,
  });
  if (user.disabledAt !== undefined) return;
  await disableLockedUser(tx, deps, userId, {
    event: "user.disabled",
    actor: provider.name,
    subject: userId,
    address,
    details: { provider: provider.name },
  }, disabledByProvider(provider));
}

/** Enables the user if a report of the same provider, and nothing else, had disabled them. */
async function enable(
  tx: Transaction,
  deps: { clock: Clock },
  applied: AppliedReport,
  userId: string,
): Promise<void> {
  const { provider, event, address, details } = applied;
  const user = await lockUser(tx, userId);
  if (user?.disabledBy !== disabledByProvider(provider)) {
    return await ignore(tx, deps, applied, "not_disabled_by_provider");
  }
  const now = new Date(deps.clock.now());
  await setDisabledAt(tx, userId, { disabled: false, now });
  const common = { actor: provider.name, subject: userId, address };
  await recordAuditEvent(tx, deps.clock, { event, ...common, details });
  await recordAuditEvent(tx, deps.clock, {
    event: "user.enabled",
    ...common,
    details: { provider: provider.name },
  });
}

/** Someone else may know the credentials: the user has to sign in and log in again. */
async function signOut(
  tx: Transaction,
  deps: { clock: Clock },
  { provider, event, address, details }: AppliedReport,
  userId: string,
): Promise<void> {
  await revokeUserAccess(tx, deps, {
    userId,
    reason: "upstream",
    event: ({ browsers, logins }) => ({
      event,
      actor: provider.name,
      subject: userId,
      address,
      details: { ...details, browsers, logins: logins.length },
    }),
  });
}

async function ignore(
  tx: Transaction,
  { clock }: { clock: Clock },
  { provider, address, details }: AppliedReport,
  reason: string,
): Promise<void> {
  await recordAuditEvent(tx, clock, {
    event: "upstream.event_ignored",
    actor: provider.name,
    address,
    details: { ...details, reason },
  });
}
