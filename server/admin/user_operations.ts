import { recordAuditEvent } from "../store/audit_events.ts";
import { createUser, listUsers, setUserDisabled } from "../store/users.ts";
import { type Operation, OperationError } from "./operation.ts";

/** Adds a person. The password arrives hashed: its plain form stays in the operator's process. */
export const addUser: Operation<
  { email: string; name: string; isAdmin: boolean; passwordHash: string },
  { id: string }
> = async ({ sql, clock }, { email, name, isAdmin, passwordHash }) => {
  const now = new Date(clock.now());
  const created = await createUser(sql, { email, name, isAdmin, passwordHash, now });
  if (created === "email_taken") throw new OperationError(`there is a user ${email} already`);
  await recordAuditEvent(sql, clock, {
    event: "user.created",
    actor: "operator",
    subject: created.id,
    details: { admin: isAdmin },
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
  if (!await setUserDisabled(sql, email, disabled, new Date(clock.now()))) {
    throw new OperationError(`there is no user ${email}`);
  }
  await recordAuditEvent(sql, clock, {
    event: disabled ? "user.disabled" : "user.enabled",
    actor: "operator",
    subject: email,
  });
  return {};
};
