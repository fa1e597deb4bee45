import { nameKey } from "../../../shared/name_key.ts";
import { setExternalGroups } from "../../access/external_groups.ts";
import { revokeUserAccess } from "../../logins/revoke_user_access.ts";
import type { Message } from "../../notifications/mail.ts";
import { addressChangedMail } from "../../passwords/password_mail.ts";
import { expireAddressLinks } from "../../store/address_links.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { directoriesOfAccount } from "../../store/directories/users.ts";
import { expirePasswordLinks } from "../../store/password_links.ts";
import {
  createUser,
  lockUser,
  lockUserByEmail,
  setDisabledAt,
  updateUserRow,
  type User,
} from "../../store/users.ts";
import { type Caller, type ScimDeps, sourceOf } from "../deps.ts";
import { badRequest, notUnique } from "../error.ts";
import { type AccountValues, domainOf } from "./values.ts";

type AccountDeps = Pick<ScimDeps, "clock" | "issuer" | "config">;

/**
 * The account of a user that a directory creates: a new one, or the existing one of this address if
 * the directory may take it over.
 */
export async function provisionAccount(
  tx: Transaction,
  { clock, config }: AccountDeps,
  caller: Caller,
  values: AccountValues,
): Promise<User> {
  checkDomain(caller, values.email);
  const existing = await lockUserByEmail(tx, values.email);
  if (existing !== undefined) {
    return await takeOver(tx, { clock, config }, caller, existing, values);
  }
  const isTrusted = mayTakeOver(caller, values.email);
  const now = new Date(clock.now());
  const created = await createUser(tx, {
    ...values,
    emailVerified: isTrusted,
    isAdmin: false,
    now,
  });
  if (created === "email_taken") throw addressTaken();
  await recordAuditEvent(tx, clock, {
    event: "user.created",
    actor: sourceOf(caller),
    subject: created.id,
    address: caller.address,
    details: { admin: false, email_verified: isTrusted },
  });
  return created;
}

async function takeOver(
  tx: Transaction,
  { clock, config }: Pick<AccountDeps, "clock" | "config">,
  caller: Caller,
  user: User,
  values: AccountValues,
): Promise<User> {
  if (isBreakGlass(config, user)) {
    throw notUnique(
      "The e-mail address is that of a break-glass administrator of this server, whose account no " +
        "directory has.",
    );
  }
  const homes = await directoriesOfAccount(tx, user.id);
  if (homes.some(({ deletedAt }) => deletedAt === undefined)) {
    throw notUnique("Another user of a directory has the e-mail address.");
  }
  // An account that this directory has deleted, and that no administrator has enabled since.
  const isReturning = user.disabledBy === sourceOf(caller) &&
    homes.some(({ directoryId }) => directoryId === caller.directory.id);
  if (!isReturning && !mayTakeOver(caller, values.email)) throw addressTaken();
  await updateUserRow(tx, user.id, {
    name: values.name,
    emailVerified: mayTakeOver(caller, values.email) || undefined,
  });
  await recordAuditEvent(tx, clock, {
    event: "directory.user_linked",
    actor: sourceOf(caller),
    subject: user.id,
    address: caller.address,
    details: { admin: user.isAdmin },
  });
  return user;
}

/** Applies a change of address or name in the directory; returns the mail about it. */
export async function changeAccount(
  tx: Transaction,
  { clock, issuer }: AccountDeps,
  caller: Caller,
  { userId, before, after }: {
    userId: string;
    before: AccountValues | undefined;
    after: AccountValues;
  },
): Promise<Message | undefined> {
  const user = (await lockUser(tx, userId))!;
  // What an administrator changed here stays until the directory changes it too.
  const email = before?.email === after.email || user.email === after.email
    ? undefined
    : after.email;
  const name = before?.name === after.name || user.name === after.name ? undefined : after.name;
  if (email === undefined && name === undefined) return undefined;
  if (email !== undefined) {
    checkDomain(caller, email);
    if (user.isAdmin) {
      // The owner of the new address could reset the password.
      throw badRequest(
        "mutability",
        "The user is an administrator of this server, whose address only an administrator changes.",
      );
    }
    const owner = await lockUserByEmail(tx, email);
    if (owner !== undefined && owner.id !== userId) throw addressTaken();
    const now = new Date(clock.now());
    await expirePasswordLinks(tx, { userId, now });
    await expireAddressLinks(tx, { userId, now });
  }
  await updateUserRow(tx, userId, {
    email,
    name,
    emailVerified: email === undefined ? undefined : mayTakeOver(caller, email),
  });
  await recordAuditEvent(tx, clock, {
    event: "user.changed",
    actor: sourceOf(caller),
    subject: userId,
    address: caller.address,
    details: {
      name: name !== undefined,
      ...email !== undefined && { email_from: user.email, email_to: email },
    },
  });
  return email === undefined ? undefined : addressChangedMail(user.email, issuer, email);
}

/**
 * Disables or enables the account as the directory says. Disabling revokes all access, even of the
 * last administrator: a person who has left must not keep it. A directory enables only what it has
 * disabled. Returns whether the account changed.
 */
export async function setAccountActive(
  tx: Transaction,
  { clock, config }: Pick<AccountDeps, "clock" | "config">,
  caller: Caller,
  { userId, active }: { userId: string; active: boolean },
): Promise<boolean> {
  const user = (await lockUser(tx, userId))!;
  const by = sourceOf(caller);
  const isDisabled = user.disabledAt !== undefined;
  // From now on the directory decides, and no longer the identity provider that reported it first.
  if (!active && user.disabledBy?.startsWith("idp:")) {
    await setDisabledAt(tx, userId, { disabled: true, by, now: new Date(clock.now()) });
  }
  if (active !== isDisabled || (active && user.disabledBy !== by)) return false;
  if (!active && isBreakGlass(config, user)) {
    throw badRequest(
      "mutability",
      "The user is a break-glass administrator of this server, whom no directory disables.",
    );
  }
  await setDisabledAt(tx, userId, { disabled: !active, by, now: new Date(clock.now()) });
  const event = {
    event: active ? "user.enabled" : "user.disabled",
    actor: by,
    subject: userId,
    address: caller.address,
  };
  if (active) await recordAuditEvent(tx, clock, event);
  else await revokeUserAccess(tx, { clock }, { userId, reason: "disabled", event: () => event });
  return true;
}

/** Disables the account of a user that is deleted in the directory; it keeps no groups of it. */
export async function releaseAccount(
  tx: Transaction,
  { clock, config }: Pick<AccountDeps, "clock" | "config">,
  caller: Caller,
  userId: string,
): Promise<void> {
  await setAccountActive(tx, { clock, config }, caller, { userId, active: false });
  const source = sourceOf(caller);
  const cause = { actor: source, address: caller.address };
  await setExternalGroups(tx, { clock }, { userId, source, names: [], ...cause });
  await recordAuditEvent(tx, clock, {
    event: "directory.user_removed",
    actor: source,
    subject: userId,
    address: caller.address,
  });
}

/** Those whom the operator has named for when everything else fails. */
function isBreakGlass({ passwordSignIn }: AccountDeps["config"], { email }: User): boolean {
  return passwordSignIn.breakGlass.some((address) => nameKey(address) === nameKey(email));
}

function mayTakeOver({ directory }: Caller, email: string): boolean {
  return directory.domains.includes(domainOf(email));
}

/** A directory with domains provisions only addresses of them. */
function checkDomain(caller: Caller, email: string): void {
  if (caller.directory.domains.length === 0 || mayTakeOver(caller, email)) return;
  throw badRequest(
    "invalidValue",
    `This directory may not provision addresses of ${domainOf(email).slice(0, 100)}. An ` +
      "administrator of this server can allow the mail domain.",
  );
}

function addressTaken(): Error {
  return notUnique(
    "An account with this e-mail address exists here already. For this directory to take it over, " +
      "an administrator of this server has to allow the mail domain.",
  );
}
