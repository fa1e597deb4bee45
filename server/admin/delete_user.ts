import { eraseEvents } from "../audit/erase_events.ts";
import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import { beginErasure } from "../store/erase_user.ts";
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
  /** Whether the audit log is free of the address; otherwise a server removes it in the background. */
  isErased: boolean;
}

/** How long the operation takes part in removing personal data from the audit log. */
const ERASE_MS = 5000;

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
  const deleted = await sql.begin(async (tx) => {
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
    await beginErasure(tx, user, new Date(clock.now()));
    await deleteUserRow(tx, user.id);
    return {
      id: user.id,
      email: user.email,
      rulesNamingUser: await listRulesNaming(tx, user.email),
    };
  }) as Omit<DeletedUser, "isErased"> & { id: string } | DomainError;
  if (deleted instanceof DomainError) return deleted;
  const { id: userId, ...rest } = deleted;
  const signal = AbortSignal.timeout(ERASE_MS);
  // The user is deleted, whatever happens now.
  const isErased = await eraseEvents(deps, { signal, userId }).catch(() => false);
  return { ...rest, isErased };
};
