import type { Sql, Transaction } from "../store/db/connect.ts";
import { withdrawApprovals } from "../store/device_authorizations.ts";
import { revokeRefreshTokenFamilies } from "../store/refresh_token_families.ts";
import { signOutSessions } from "../store/sessions.ts";
import { setDisabledAt, updateUserRow, type UserChange } from "../store/users.ts";

/**
 * Disables or enables a user. Disabling also signs out their browsers, revokes their logins and
 * withdraws their approvals; enabling restores none of these. Returns the user's id, undefined if
 * there is no user with this address.
 */
export async function setUserDisabled(
  sql: Sql,
  email: string,
  disabled: boolean,
  now: Date,
): Promise<string | undefined> {
  return await sql.begin(async (tx) => {
    const id = await setDisabledAt(tx, email, { disabled, now });
    if (id !== undefined && disabled) await revokeAccess(tx, id, "disabled", now);
    return id;
  });
}

/**
 * Changes what `change` has. A new password also signs out the user's browsers, revokes their
 * logins and withdraws their approvals, which may be those of someone who knew the old one.
 * Returns the user's id, undefined if there is no user with this address.
 */
export async function updateUser(
  sql: Sql,
  email: string,
  change: UserChange & { now: Date },
): Promise<string | undefined> {
  return await sql.begin(async (tx) => {
    const id = await updateUserRow(tx, email, change);
    if (id !== undefined && change.passwordHash !== undefined) {
      await revokeAccess(tx, id, "password_changed", change.now);
    }
    return id;
  });
}

/** The database's triggers invalidate the caches: operators' commands may have none to call. */
async function revokeAccess(
  tx: Transaction,
  userId: string,
  reason: "disabled" | "password_changed",
  now: Date,
): Promise<void> {
  await signOutSessions(tx, { userId, now });
  await revokeRefreshTokenFamilies(tx, { userId, reason, now });
  await withdrawApprovals(tx, userId);
}
