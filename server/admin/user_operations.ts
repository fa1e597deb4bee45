import { brand } from "../../shared/brand.ts";
import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import type { Message } from "../notifications/mail.ts";
import { addressChangedMail, passwordChangedMail } from "../passwords/password_mail.ts";
import { expireAddressLinks } from "../store/address_links.ts";
import { type AuditEvent, recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { lockForEdit, type ManagedThing } from "../store/managed.ts";
import { checkNotManaged } from "./managed.ts";
import { expirePasswordLinks } from "../store/password_links.ts";
import {
  createUser,
  emailProblem,
  lockActiveAdministrators,
  lockUser,
  nameProblem,
  setDisabledAt,
  updateUserRow,
  type User,
} from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import { emailTaken } from "./user_errors.ts";
import { adminEvent } from "./admin_event.ts";
import type { UserOperation } from "./operation.ts";
import {
  createLinkForUser,
  deliverLink,
  type LinkParams,
  type LinkResult,
  mailProblem,
} from "./password_link_operations.ts";
import { isUniqueViolation } from "../store/db/unique_violation.ts";

const ADMINISTRATORS: ManagedThing = { kind: "group", name: "admin" };

/**
 * Adds a user with a password, or with a link to choose one. The password arrives hashed: it never
 * leaves the operator's process.
 */
export const addUser: UserOperation<
  {
    email: string;
    emailVerified?: boolean;
    name: string;
    isAdmin: boolean;
    passwordHash?: string;
    link?: LinkParams;
  },
  { id: string; link?: LinkResult } | DomainError
> = async (deps, { link: linkParams, ...newUser }) => {
  const { sql, clock } = deps;
  const { email, emailVerified = false, isAdmin } = newUser;
  const problem = identityProblem(newUser) ?? (linkParams && mailProblem(deps, linkParams));
  if (problem !== undefined) return problem;
  const created = await sql.begin(async (tx) => {
    if (isAdmin) {
      await lockForEdit(tx);
      const refusal = await checkNotManaged(tx, ADMINISTRATORS, "members");
      if (refusal !== undefined) return refusal;
    }
    const user = await createUser(tx, { ...newUser, now: new Date(clock.now()) });
    if (user === "email_taken") return emailTaken(email);
    const event = {
      event: "user.created",
      subject: user.id,
      details: { admin: isAdmin, email_verified: emailVerified },
    };
    await recordAuditEvent(tx, clock, adminEvent(deps, event));
    return { user, link: linkParams && await createLinkForUser(tx, deps, user, linkParams) };
  }) as { user: User; link?: Awaited<ReturnType<typeof createLinkForUser>> } | DomainError;
  if (created instanceof DomainError) return created;
  const { user, link } = created;
  return {
    id: user.id,
    link: linkParams && link && await deliverLink(deps, user, link, linkParams),
  };
};

/**
 * Disables or enables a user. Disabling also signs out their browsers, revokes their logins and
 * withdraws their approvals; enabling restores none of these. The last active administrator is
 * disabled only with `force`.
 *
 * Triggers of the database invalidate the caches: an operation may run outside the server.
 */
export const setUserDisabled: UserOperation<
  { email: string; disabled: boolean; force?: boolean },
  { email: string } | DomainError
> = async (deps, { email, disabled, force = false }) => {
  const { sql, clock, actor } = deps;
  return await sql.begin(async (tx) => {
    const user = disabled
      ? await lockUserWhoLeaves(tx, email, { to: "disable", force, actor })
      : await lockUser(tx, email) ?? noSuchUser(email);
    if (user instanceof DomainError) return user;
    const { id } = user;
    const event = adminEvent(deps, {
      event: disabled ? "user.disabled" : "user.enabled",
      subject: id,
    });
    if (disabled) {
      await disableLockedUser(tx, { clock }, id, event);
    } else {
      await setDisabledAt(tx, id, { disabled, now: new Date(clock.now()) });
      await recordAuditEvent(tx, clock, event);
    }
    return { email: user.email };
  }) as { email: string } | DomainError;
};

/**
 * Disables a user whose row is locked, and revokes their access, with the audit event. `by` is the
 * identity provider that reported it.
 */
export async function disableLockedUser(
  tx: Transaction,
  { clock }: { clock: Clock },
  userId: string,
  event: AuditEvent,
  by?: string,
): Promise<void> {
  await setDisabledAt(tx, userId, { disabled: true, by, now: new Date(clock.now()) });
  await revokeUserAccess(tx, { clock }, { userId, reason: "disabled", event: () => event });
}

/**
 * Changes the address, name, role, password or verified state of a user; what is undefined stays. A
 * new password also signs out the user's browsers, revokes their logins and withdraws their
 * approvals, which may be those of someone who knew the old one. A new address is not verified
 * unless `emailVerified` says so; the user is notified at the old one. What is as before already is
 * not recorded.
 */
export const updateUser: UserOperation<
  {
    email: string;
    newEmail?: string;
    name?: string;
    isAdmin?: boolean;
    emailVerified?: boolean;
    passwordHash?: string;
    force?: boolean;
  },
  { email: string } | DomainError
> = async (deps, { email, newEmail, force = false, ...requested }) => {
  const { sql, clock, issuer, mail } = deps;
  const problem = identityProblem({ email: newEmail, name: requested.name });
  if (problem !== undefined) return problem;
  const now = new Date(clock.now());
  const updated = await sql.begin(async (tx) => {
    // Before the user, as applying a file has it.
    if (requested.isAdmin !== undefined) await lockForEdit(tx);
    const user = requested.isAdmin === false
      ? await lockUserWhoLeaves(tx, email, { to: "demote", force, actor: deps.actor })
      : await lockUser(tx, email) ?? noSuchUser(email);
    if (user instanceof DomainError) return user;
    if (requested.isAdmin === false && user.isAdminByGroup && !user.hasAdminRole) {
      return adminByGroup(user);
    }
    const moves = newEmail !== undefined && newEmail.normalize("NFC") !== user.email;
    const change = withoutUnchanged(requested, user, { moves });
    if (!moves && Object.values(change).every((value) => value === undefined)) {
      return { email: user.email, messages: [] };
    }
    if (change.isAdmin !== undefined) {
      const refusal = await checkNotManaged(tx, ADMINISTRATORS, "members");
      if (refusal !== undefined) return refusal;
    }
    await updateUserRow(tx, user.id, {
      ...change,
      email: newEmail,
      emailVerified: change.emailVerified ?? (moves ? false : undefined),
    });
    const event = adminEvent(deps, {
      event: "user.changed",
      subject: user.id,
      details: {
        name: change.name !== undefined,
        password: change.passwordHash !== undefined,
        ...moves && { email_from: user.email, email_to: newEmail },
        ...change.isAdmin !== undefined && { admin: change.isAdmin },
        ...change.emailVerified !== undefined && { email_verified: change.emailVerified },
      },
    });
    if (change.passwordHash !== undefined) {
      const revocation = {
        userId: user.id,
        reason: "password_changed",
        event: () => event,
      } as const;
      await revokeUserAccess(tx, { clock }, revocation);
    } else {
      // A link that was mailed to the old address must not work for the new one.
      if (moves) {
        await expirePasswordLinks(tx, { userId: user.id, now });
        await expireAddressLinks(tx, { userId: user.id, now });
      }
      await recordAuditEvent(tx, clock, event);
    }
    const messages: Message[] = [];
    if (moves) messages.push(addressChangedMail(user.email, issuer, newEmail));
    if (change.passwordHash !== undefined && user.passwordHash !== undefined) {
      const changed = { at: now, by: "administrator", loginsRevoked: true } as const;
      messages.push(passwordChangedMail(user.email, issuer, changed));
    }
    return { email: newEmail ?? user.email, messages };
  }).catch((error) => {
    if (isUniqueViolation(error)) return emailTaken(newEmail ?? email);
    throw error;
  }) as { email: string; messages: Message[] } | DomainError;
  if (updated instanceof DomainError) return updated;
  for (const message of updated.messages) mail.send(message);
  return { email: updated.email };
};

/** The members of a change that differ from the user as stored. */
function withoutUnchanged<Change extends Partial<User>>(
  change: Change,
  user: User,
  { moves }: { moves: boolean },
): Partial<Change> {
  const before: Partial<User> = {
    ...user,
    // A new address is not verified, whatever the old one was.
    emailVerified: user.emailVerified && !moves,
    // A user who is an administrator by a group can have the role besides.
    isAdmin: user.hasAdminRole,
  };
  return Object.fromEntries(
    Object.entries(change).filter(([key, value]) => before[key as keyof User] !== value),
  ) as Partial<Change>;
}

function identityProblem(
  { email, name }: { email?: string; name?: string },
): DomainError | undefined {
  const problem = (field: string, message: string | undefined) =>
    message === undefined ? undefined : new DomainError("invalid", message, { field });
  return (email === undefined ? undefined : problem("email", emailProblem(email))) ??
    (name === undefined ? undefined : problem("name", nameProblem(name)));
}

function adminByGroup({ email }: User): DomainError {
  return new DomainError(
    "conflict",
    `${email} is an administrator by a group of a directory. Remove the user from it there, or ` +
      "change what the group admin comes from.",
    {
      field: "isAdmin",
      commandHint: `To see the groups of directories, run: ${brand.binaryName} admin group show ` +
        "admin",
    },
  );
}

/**
 * Locks a user who is to be disabled, demoted or deleted. Rejects the last administrator who can
 * sign in, unless `force` is set, and an administrator who would disable or delete themselves.
 */
export async function lockUserWhoLeaves(
  tx: Transaction,
  email: string,
  { to, force, actor }: {
    to: "disable" | "demote" | "delete";
    force: boolean;
    /** The administrator, if it is one. */
    actor?: string;
  },
): Promise<User | DomainError> {
  const administrators = await lockActiveAdministrators(tx);
  const user = await lockUser(tx, email);
  if (user === undefined) return noSuchUser(email);
  if (user.id === actor && to !== "demote") {
    return new DomainError(
      "forbidden",
      `You cannot ${to} your own account. Ask another administrator.`,
    );
  }
  const isLast = administrators.length === 1 && administrators[0] === user.id;
  // A group of a directory keeps the role.
  const keepsRole = to === "demote" && user.isAdminByGroup;
  if (force || !isLast || keepsRole) return user;
  return new DomainError(
    "conflict",
    `${user.email} is the last administrator who can sign in. First grant the role to another ` +
      "user.",
    {
      commandHint: `To do so, run: ${brand.binaryName} admin user update ADDRESS --admin. ` +
        `To ${to} this one anyway, use --force.`,
    },
  );
}
