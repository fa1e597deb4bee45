import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { revokeUserAccess } from "../logins/revoke_user_access.ts";
import type { Mail } from "../notifications/mail.ts";
import type { QueuedCaller } from "../security/fair_queue.ts";
import { hashPassword } from "../security/password_hash.ts";
import { passwordProblem } from "../security/password_rules.ts";
import type { Sql } from "../store/db/connect.ts";
import {
  findPasswordLink,
  type PasswordLinkState,
  usePasswordLink,
} from "../store/password_links.ts";
import { updateUserRow, type User } from "../store/users.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { passwordChangedMail } from "./password_mail.ts";

interface PasswordLinkDeps {
  sql: Sql;
  clock: Clock;
}

/** The state of a link, and its user. Undefined for an unknown token. */
export async function describePasswordLink(
  { sql, clock }: PasswordLinkDeps,
  token: string,
): Promise<{ state: PasswordLinkState; user: User } | undefined> {
  return await findPasswordLink(sql, {
    tokenHash: tokenHash(token),
    now: new Date(clock.now()),
  });
}

interface UsePasswordLinkDeps extends PasswordLinkDeps {
  issuer: string;
  mail: Pick<Mail, "send">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

interface UsedLink {
  /** As before the change. */
  user: User;
  logins: string[];
}

/**
 * Sets the password of a link's user, signs out their browsers, revokes their logins and withdraws
 * their approvals. A link that was mailed also verifies the address. Returns the user; `conflict`
 * if the link cannot be used any more.
 */
export async function setPasswordByLink(
  { sql, clock, issuer, mail, tokenValidator }: UsePasswordLinkDeps,
  { token, password, address, caller }: {
    token: string;
    password: string;
    address: string;
    caller: QueuedCaller;
  },
): Promise<User | DomainError> {
  const link = await describePasswordLink({ sql, clock }, token);
  const problem = passwordProblem(password, link?.user);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "password" });
  const passwordHash = await hashPassword(password, caller);
  const now = new Date(clock.now());
  const result = await sql.begin(async (tx) => {
    const used = await usePasswordLink(tx, { tokenHash: tokenHash(token), now });
    if (used === undefined) return undefined;
    const { user, mailed } = used;
    const change = { passwordHash, emailVerified: mailed ? true : undefined };
    await updateUserRow(tx, user.id, change);
    const { logins } = await revokeUserAccess(tx, { clock }, {
      userId: user.id,
      reason: "password_changed",
      event: () => ({
        event: "password.changed",
        actor: user.id,
        subject: user.id,
        address,
        details: { by: "link", mailed },
      }),
    });
    return { user, logins };
  }) as UsedLink | undefined;
  if (result === undefined) {
    return new DomainError("conflict", "This link was used or has expired.");
  }
  const { user, logins } = result;
  for (const id of logins) tokenValidator.invalidate(`login:${id}`);
  // The first password of a new account replaces none.
  if (user.passwordHash !== undefined) {
    const change = { at: now, by: "user", address, loginsRevoked: true } as const;
    mail.send(passwordChangedMail(user.email, issuer, change));
  }
  return user;
}
