import { recordAuditEvent } from "../store/audit_events.ts";
import { setUserDisabled, updateUser } from "../store/user_access.ts";
import { createUser, listUsers } from "../store/users.ts";
import { type Operation, OperationError } from "./operation.ts";

/** Adds a person. The password arrives hashed: its plain form stays in the operator's process. */
export const addUser: Operation<
  {
    email: string;
    emailVerified?: boolean;
    name: string;
    isAdmin: boolean;
    passwordHash: string;
  },
  { id: string }
> = async ({ sql, clock }, newUser) => {
  const { email, emailVerified = false, isAdmin } = newUser;
  const created = await createUser(sql, { ...newUser, now: new Date(clock.now()) });
  if (created === "email_taken") throw new OperationError(`there is a user ${email} already`);
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

/** Everybody, by e-mail address. */
export const listAllUsers: Operation<Record<never, never>, ListedUser[]> = async ({ sql }) => {
  const users = await listUsers(sql);
  return users.map(({ id, email, name, isAdmin, disabledAt }) => ({
    id,
    email,
    name,
    isAdmin,
    disabled: disabledAt !== undefined,
  }));
};

/** Shuts a person out, or lets them in again. */
export const setDisabled: Operation<
  { email: string; disabled: boolean },
  Record<never, never>
> = async ({ sql, clock }, { email, disabled }) => {
  const id = await setUserDisabled(sql, email, disabled, new Date(clock.now()));
  if (id === undefined) throw new OperationError(`there is no user ${email}`);
  await recordAuditEvent(sql, clock, {
    event: disabled ? "user.disabled" : "user.enabled",
    actor: "operator",
    subject: id,
  });
  return {};
};

/** Changes a person's name, role, password, or whether their address counts as verified; what is not given stays. */
export const changeUser: Operation<
  {
    email: string;
    name?: string;
    isAdmin?: boolean;
    emailVerified?: boolean;
    passwordHash?: string;
  },
  Record<never, never>
> = async ({ sql, clock }, { email, ...change }) => {
  const id = await updateUser(sql, email, { ...change, now: new Date(clock.now()) });
  if (id === undefined) throw new OperationError(`there is no user ${email}`);
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
