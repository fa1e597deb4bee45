import { splitScope } from "../../shared/oauth/scope.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { listIdentities } from "../store/identities.ts";
import { listOwned, type Owned, transferOwned } from "../store/owners.ts";
import {
  countApprovals,
  countNarrowTokens,
  listActiveBrowsers,
  listActiveLogins,
  listActiveTokens,
  listKnownSecrets,
  listRulesActingAs,
  listRulesNaming,
} from "../store/user_access.ts";
import { countBelongings, type UserBelongings } from "../store/user_belongings.ts";
import { findUserByReference, type User } from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { AdminDeps } from "./operation.ts";
import { lockNewOwner } from "./owner_operations.ts";
import { disableLockedUser, lockUserWhoLeaves } from "./user_operations.ts";

export type OffboardDeps = Pick<AdminDeps, "sql" | "clock" | "actor" | "address" | "loginId">;

/** What ends when a user leaves, and what needs another owner. Absent is null: printed as JSON. */
export interface OffboardReport {
  user: { id: string; email: string; name: string; isAdmin: boolean; disabled: boolean };
  /** Whether the report is all that was done. */
  dryRun: boolean;
  /** All of it, also of lists that are cut. */
  counts: UserBelongings & { narrowTokens: number; approvals: number };
  browsers: { id: string; lastSeenAt: string; address: string; userAgent: string }[];
  logins: {
    id: string;
    name: string | null;
    client: string;
    scopes: string[];
    lastUsedAt: string;
  }[];
  tokens: {
    id: string;
    name: string;
    prefix: string;
    scopes: string[];
    expiresAt: string | null;
    lastUsedAt: string | null;
  }[];
  identities: { provider: string; email: string | null }[];
  groups: string[];
  /** The names of rules whose workloads act as the user: rejected while the user is disabled. */
  trustRules: string[];
  /** What the user owns, before it is transferred. */
  owned: Owned[];
  /** The address of the user who owns it now; null: none was named. */
  transferredTo: string | null;
  /** Secrets of service accounts and clients that the user was shown and that still work. */
  knownSecrets: {
    kind: "token" | "client";
    id: string;
    name: string;
    account: string | null;
    at: string;
  }[];
  /** Rules that trust identity tokens with the user's address. */
  rulesNamingUser: string[];
}

/**
 * Disables a user who leaves, transfers what the user owns, and reports both: in one transaction,
 * so that the report is what happened. With `dryRun`, only reports.
 */
export async function offboardUser(
  deps: OffboardDeps,
  { email, transferTo, dryRun = false, force = false }: {
    email: string;
    transferTo?: string;
    dryRun?: boolean;
    force?: boolean;
  },
): Promise<OffboardReport | DomainError> {
  const { sql, clock, actor = "operator", address, loginId } = deps;
  return await sql.begin(async (tx) => {
    const user = dryRun
      ? await findUserByReference(tx, email) ?? noSuchUser(email)
      : await lockUserWhoLeaves(tx, email, { to: "disable", force, actor: deps.actor });
    if (user instanceof DomainError) return user;
    const successor = transferTo === undefined ? undefined : await lockNewOwner(tx, transferTo);
    if (successor instanceof DomainError) {
      const { code, message, commandHint } = successor;
      return new DomainError(code, message, { field: "transferTo", commandHint });
    }
    if (successor?.id === user.id) {
      return new DomainError("invalid", `${user.email} leaves. Name another user to transfer to.`, {
        field: "transferTo",
      });
    }
    const report = await reportAccess(tx, user, new Date(clock.now()));
    const result = { ...report, dryRun, transferredTo: successor?.email ?? null };
    if (dryRun) return result;
    if (successor !== undefined && report.owned.length > 0) {
      await transferOwned(tx, { from: user.id, to: successor.id });
      await recordAuditEvent(tx, clock, {
        event: "owner.transferred",
        actor,
        subject: user.id,
        address,
        details: { to: successor.id, count: report.owned.length },
      });
    }
    await disableLockedUser(tx, { clock }, user.id, {
      event: "user.disabled",
      actor,
      subject: user.id,
      address,
      details: {
        offboarded: true,
        logins: report.counts.logins,
        browsers: report.counts.browsers,
        tokens: report.counts.tokens,
        ...loginId !== undefined && { login: loginId },
      },
    });
    return result;
  }) as OffboardReport | DomainError;
}

async function reportAccess(
  tx: Transaction,
  { id: userId, email, name, isAdmin, groups, disabledAt }: User,
  now: Date,
): Promise<Omit<OffboardReport, "dryRun" | "transferredTo">> {
  const query = { userId, now };
  return {
    user: { id: userId, email, name, isAdmin, disabled: disabledAt !== undefined },
    counts: {
      ...await countBelongings(tx, userId, now),
      narrowTokens: await countNarrowTokens(tx, query),
      approvals: await countApprovals(tx, query),
    },
    browsers: (await listActiveBrowsers(tx, query)).map((
      { lastSeenAt, id, address, userAgent },
    ) => ({
      id,
      lastSeenAt: lastSeenAt.toISOString(),
      address,
      userAgent,
    })),
    logins: (await listActiveLogins(tx, query)).map((login) => ({
      id: login.id,
      name: login.name,
      client: login.clientId,
      scopes: splitScope(login.scope),
      lastUsedAt: login.lastUsedAt.toISOString(),
    })),
    tokens: (await listActiveTokens(tx, query)).map((token) => ({
      id: token.id,
      name: token.name,
      prefix: token.prefix,
      scopes: splitScope(token.scope),
      expiresAt: token.expiresAt?.toISOString() ?? null,
      lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    })),
    identities: (await listIdentities(tx, { userId })).map((identity) => ({
      provider: identity.provider,
      email: identity.email ?? null,
    })),
    groups: [...isAdmin ? ["admin"] : [], ...groups],
    trustRules: await listRulesActingAs(tx, userId),
    owned: (await listOwned(tx, { ownerId: userId })).map(({ kind, name }) => ({ kind, name })),
    knownSecrets: (await listKnownSecrets(tx, query)).map((secret) => ({
      ...secret,
      at: secret.at.toISOString(),
    })),
    rulesNamingUser: await listRulesNaming(tx, email),
  };
}
