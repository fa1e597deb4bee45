import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import { createUser, listUsers, setDisabledAt, updateUserRow } from "../store/users.ts";
import type { Empty, Operation } from "./operation.ts";

/** Adds a user. The password arrives hashed: it never leaves the operator's process. */
export const addUser: Operation<
  {
    email: string;
    emailVerified?: boolean;
    name: string;
    isAdmin: boolean;
    passwordHash: string;
  },
  { id: string } | DomainError
> = async ({ sql, clock }, newUser) => {
  const { email, emailVerified = false, isAdmin } = newUser;
  return await sql.begin(async (tx) => {
    const created = await createUser(tx, { ...newUser, now: new Date(clock.now()) });
    if (created === "email_taken") {
      return new DomainError("conflict", `A user ${email} already exists.`, { field: "email" });
    }
    await recordAuditEvent(tx, clock, {
      event: "user.created",
      actor: "operator",
      subject: created.id,
      details: { admin: isAdmin, email_verified: emailVerified },
    });
    return { id: created.id };
  }) as { id: string } | DomainError;
};

export interface ListedUser {
  id: string;
  email: string;
  name: string;
  isAdmin: boolean;
  disabled: boolean;
}

/** All users, by e-mail address. */
export const listAllUsers: Operation<Empty, ListedUser[]> = async ({ sql }) => {
  const users = await listUsers(sql);
  return users.map(({ id, email, name, isAdmin, disabledAt }) => ({
    id,
    email,
    name,
    isAdmin,
    disabled: disabledAt !== undefined,
  }));
};

/**
 * Disables or enables a user. Disabling also signs out their browsers, revokes their logins and
 * withdraws their approvals; enabling restores none of these.
 *
 * Triggers of the database invalidate the caches: an operation may run outside the server.
 */
export const setUserDisabled: Operation<
  { email: string; disabled: boolean },
  Empty | DomainError
> = async ({ sql, clock }, { email, disabled }) => {
  return await sql.begin(async (tx) => {
    const id = await setDisabledAt(tx, email, { disabled, now: new Date(clock.now()) });
    if (id === undefined) return noSuchUser(email);
    const event = {
      event: disabled ? "user.disabled" : "user.enabled",
      actor: "operator",
      subject: id,
    };
    if (disabled) {
      const revocation = { userId: id, reason: "disabled", event: () => event } as const;
      await revokeUserAccess(tx, { clock }, revocation);
    } else {
      await recordAuditEvent(tx, clock, event);
    }
    return {};
  }) as Empty | DomainError;
};

/**
 * Changes the name, role, password or verified state of a user; what is undefined stays. A new
 * password also signs out the user's browsers, revokes their logins and withdraws their approvals,
 * which may be those of someone who knew the old one.
 */
export const updateUser: Operation<
  {
    email: string;
    name?: string;
    isAdmin?: boolean;
    emailVerified?: boolean;
    passwordHash?: string;
  },
  Empty | DomainError
> = async ({ sql, clock }, { email, ...change }) => {
  return await sql.begin(async (tx) => {
    const id = await updateUserRow(tx, email, change);
    if (id === undefined) return noSuchUser(email);
    const event = {
      event: "user.changed",
      actor: "operator",
      subject: id,
      details: {
        name: change.name !== undefined,
        password: change.passwordHash !== undefined,
        ...change.isAdmin !== undefined && { admin: change.isAdmin },
        ...change.emailVerified !== undefined && { email_verified: change.emailVerified },
      },
    };
    if (change.passwordHash !== undefined) {
      const revocation = { userId: id, reason: "password_changed", event: () => event } as const;
      await revokeUserAccess(tx, { clock }, revocation);
    } else {
      await recordAuditEvent(tx, clock, event);
    }
    return {};
  }) as Empty | DomainError;
};

function noSuchUser(email: string): DomainError {
  return new DomainError("not_found", `There is no user ${email}.`, { field: "email" });
}
