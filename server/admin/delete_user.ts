import { amendEvent } from "../audit/seal.ts";
import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import { eraseUser } from "../store/erase_user.ts";
import { listRulesNaming } from "../store/user_access.ts";
import { countBelongings } from "../store/user_belongings.ts";
import { deleteUserRow } from "../store/users.ts";
import { adminEvent } from "./admin_event.ts";
import type { AdminDeps, UserDeps } from "./operation.ts";
import { lockUserWhoLeaves } from "./user_operations.ts";

/** A deleted user. */
export interface DeletedUser {
  email: string;
  /** The names of trust rules that accept identity tokens with the address, and still do. */
  rulesNamingUser: string[];
}

/**
 * Deletes a user with all browser sessions, logins, personal access tokens and trust rules. The
 * audit log keeps its events with the id, but neither the address nor the name. The last active
 * administrator is deleted only with `force`.
 *
 * Triggers of the database invalidate the caches of every replica.
 */
export const deleteUser = async (
  deps: UserDeps & Pick<AdminDeps, "secrets">,
  { email, force = false }: { email: string; force?: boolean },
): Promise<DeletedUser | DomainError> => {
  const { sql, clock, actor } = deps;
  return await sql.begin(async (tx) => {
    const user = await lockUserWhoLeaves(tx, email, { to: "delete", force, actor });
    if (user instanceof DomainError) return user;
    const { tokens, trustRules } = await countBelongings(tx, user.id, new Date(clock.now()));
    await revokeUserAccess(tx, { clock }, {
      userId: user.id,
      reason: "deleted",
      event: ({ logins, browsers }) =>
        adminEvent(deps, {
          event: "user.deleted",
          subject: user.id,
          details: {
            admin: user.isAdmin,
            ...{ logins: logins.length, browsers, tokens, trust_rules: trustRules },
          },
        }),
    });
    const { auditKey } = deps.secrets;
    await eraseUser(tx, user, (record, commitment) => amendEvent(auditKey, record, commitment));
    await deleteUserRow(tx, user.id);
    return { email: user.email, rulesNamingUser: await listRulesNaming(tx, user.email) };
  }) as DeletedUser | DomainError;
};
