import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import * as userAccess from "../logins/user_access.ts";
import { createUser, listUsers } from "../store/users.ts";
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
  const created = await createUser(sql, { ...newUser, now: new Date(clock.now()) });
  if (created === "email_taken") {
    return new DomainError("conflict", `A user ${email} already exists.`, { field: "email" });
  }
  await recordAuditEvent(sql, clock, {
    event: "user.created",
    actor: "operator",
    subject: created.id,
    details: { admin: isAdmin, email_verified: emailVerified },
  });
  return { id: created.id };
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

/** Disables or enables a user. */
export const setUserDisabled: Operation<
  { email: string; disabled: boolean },
  Empty | DomainError
> = async ({ sql, clock }, { email, disabled }) => {
  const id = await userAccess.setUserDisabled(sql, email, disabled, new Date(clock.now()));
  if (id === undefined) return noSuchUser(email);
  await recordAuditEvent(sql, clock, {
    event: disabled ? "user.disabled" : "user.enabled",
    actor: "operator",
    subject: id,
  });
  return {};
};

/** Changes the name, role, password or verified state of a user; what is undefined stays. */
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
  const id = await userAccess.updateUser(sql, email, { ...change, now: new Date(clock.now()) });
  if (id === undefined) return noSuchUser(email);
  await recordAuditEvent(sql, clock, {
    event: "user.changed",
    actor: "operator",
    subject: id,
    details: {
      name: change.name !== undefined,
      password: change.passwordHash !== undefined,
      ...change.isAdmin !== undefined && { admin: change.isAdmin },
      ...change.emailVerified !== undefined && { email_verified: change.emailVerified },
    },
  });
  return {};
};

function noSuchUser(email: string): DomainError {
  return new DomainError("not_found", `There is no user ${email}.`, { field: "email" });
}
