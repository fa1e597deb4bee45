import { nameKey } from "../../shared/name_key.ts";
import type { Sql, Transaction } from "./db/connect.ts";
import { withdrawApprovals } from "./device_authorizations.ts";
import { revokeRefreshTokenFamilies } from "./refresh_token_families.ts";
import { signOutSessions } from "./sessions.ts";

/**
 * Disables or enables a person. Disabling ends their browser sessions and logins
 * and withdraws their approvals with it: enabling brings none back. Returns the
 * person's id, undefined if nobody has this address.
 */
export async function setUserDisabled(
  sql: Sql,
  email: string,
  disabled: boolean,
  now: Date,
): Promise<string | undefined> {
  return await sql.begin(async (tx) => {
    const [user] = await tx<{ id: string }[]>`
      update users
      set disabled_at = case when ${disabled}::boolean then coalesce(disabled_at, ${now}) end
      where email_key = ${nameKey(email)}
      returning id`;
    if (user !== undefined && disabled) await revokeAccess(tx, user.id, "disabled", now);
    return user?.id;
  });
}

/**
 * Changes what is given. A new password ends the person's browser sessions and
 * logins with it: whoever knew the old one is out. Returns the person's id,
 * undefined if nobody has this address.
 */
export async function updateUser(
  sql: Sql,
  email: string,
  change: {
    name?: string;
    isAdmin?: boolean;
    emailVerified?: boolean;
    passwordHash?: string;
    now: Date;
  },
): Promise<string | undefined> {
  const { name = null, isAdmin = null, emailVerified = null, passwordHash = null, now } = change;
  return await sql.begin(async (tx) => {
    const [user] = await tx<{ id: string }[]>`
      update users set
        name = coalesce(${name?.normalize("NFC") ?? null}, name),
        is_admin = coalesce(${isAdmin}::boolean, is_admin),
        email_verified = coalesce(${emailVerified}::boolean, email_verified),
        password_hash = coalesce(${passwordHash}, password_hash)
      where email_key = ${nameKey(email)}
      returning id`;
    if (user !== undefined && passwordHash !== null) {
      await revokeAccess(tx, user.id, "password_changed", now);
    }
    return user?.id;
  });
}

/** Ends everything a person got in with; `reason` is what their logins say of it. */
async function revokeAccess(
  tx: Transaction,
  userId: string,
  reason: string,
  now: Date,
): Promise<void> {
  await signOutSessions(tx, { userId, now });
  await revokeRefreshTokenFamilies(tx, { userId, reason, now });
  await withdrawApprovals(tx, userId);
}
