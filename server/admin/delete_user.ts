import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import { countBelongings } from "../store/user_belongings.ts";
import { deleteUserRow } from "../store/users.ts";
import type { Operation } from "./operation.ts";
import { lockUserWhoLeaves } from "./user_operations.ts";

/**
 * Deletes a user with all browser sessions, logins, personal access tokens and trust rules. The
 * audit log keeps its events. The last active administrator is deleted only with `force`.
 *
 * Triggers of the database invalidate the caches of every replica.
 */
export const deleteUser: Operation<
  { email: string; force?: boolean },
  { email: string } | DomainError
> = async ({ sql, clock }, { email, force = false }) => {
  return await sql.begin(async (tx) => {
    const user = await lockUserWhoLeaves(tx, email, { to: "delete", force });
    if (user instanceof DomainError) return user;
    const { tokens, trustRules } = await countBelongings(tx, user.id, new Date(clock.now()));
    await revokeUserAccess(tx, { clock }, {
      userId: user.id,
      reason: "deleted",
      event: ({ logins, browsers }) => ({
        event: "user.deleted",
        actor: "operator",
        subject: user.id,
        details: {
          email: user.email,
          name: user.name,
          admin: user.isAdmin,
          ...{ logins: logins.length, browsers, tokens, trust_rules: trustRules },
        },
      }),
    });
    await deleteUserRow(tx, user.id);
    return { email: user.email };
  }) as { email: string } | DomainError;
};
