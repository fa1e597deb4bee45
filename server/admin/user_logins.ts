import { isUuid } from "../../shared/uuid.ts";
import { DomainError } from "../domain_error.ts";
import { revokeLoginsOfUser } from "../logins/revoke_logins_of_user.ts";
import { revokeOneLogin } from "../logins/revoke_login.ts";
import {
  findActiveLogin,
  listRefreshTokenFamilies,
  type RefreshTokenFamily,
} from "../store/refresh_token_families.ts";
import { findUserByReference, lockUser, type User } from "../store/users.ts";
import { adminEvent } from "./admin_event.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { UserOperation } from "./operation.ts";

/** Logins that a list has at most: those used last. */
const MAX_LOGINS = 1000;

/** An active login of a user. Times are ISO 8601. */
export interface UserLogin {
  id: string;
  name: string | null;
  clientId: string;
  scope: string;
  address: string;
  userAgent: string;
  createdAt: string;
  lastUsedAt: string;
  /** When it expires even if it is used. */
  expiresAt: string;
}

function toUserLogin(login: RefreshTokenFamily): UserLogin {
  return {
    id: login.id,
    name: login.name ?? null,
    clientId: login.clientId,
    scope: login.scope,
    address: login.address,
    userAgent: login.userAgent,
    createdAt: login.createdAt.toISOString(),
    lastUsedAt: login.lastUsedAt.toISOString(),
    expiresAt: login.absoluteExpiresAt.toISOString(),
  };
}

/** The active logins of a user, last used first. */
export const listUserLogins: UserOperation<
  { email: string },
  { email: string; logins: UserLogin[] } | DomainError
> = async ({ sql, clock }, { email }) => {
  const user = await findUserByReference(sql, email);
  if (user === undefined) return noSuchUser(email);
  const logins = await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(clock.now()),
    limit: MAX_LOGINS,
  });
  return { email: user.email, logins: logins.map(toUserLogin) };
};

export interface RevokedLogins {
  email: string;
  /** How many. */
  logins: number;
  /** Personal access tokens that were created with the login, and revoked with it. */
  tokens: number;
}

/**
 * Revokes one login of a user; with `withTokens`, also the personal access tokens that were created
 * with it.
 */
export const revokeUserLogin: UserOperation<
  { email: string; loginId: string; withTokens?: boolean },
  RevokedLogins | DomainError
> = async (deps, { email, loginId, withTokens = false }) => {
  const { sql, clock, tokenValidator } = deps;
  const revoked = await sql.begin(async (tx) => {
    const user = await lockUser(tx, email);
    if (user === undefined) return noSuchUser(email);
    const now = new Date(clock.now());
    const login = isUuid(loginId) ? await findActiveLogin(tx, { id: loginId, now }) : undefined;
    if (login?.userId !== user.id) return noSuchLogin(user);
    const details = { client_id: login.clientId, user: user.id };
    const { actor, address, ...event } = adminEvent(deps, { event: "login.revoked", details });
    const { loginRevoked, tokens } = await revokeOneLogin(tx, { clock }, {
      login,
      reason: "administrator",
      event: { actor, address, details: event.details },
      withTokens,
    });
    return loginRevoked ? { email: user.email, tokens } : noSuchLogin(user);
  }) as { email: string; tokens: string[] } | DomainError;
  if (revoked instanceof DomainError) return revoked;
  tokenValidator?.invalidate(`login:${loginId}`);
  for (const id of revoked.tokens) tokenValidator?.invalidate(`token:${id}`);
  return { email: revoked.email, logins: 1, tokens: revoked.tokens.length };
};

function noSuchLogin({ email }: User): DomainError {
  return new DomainError(
    "not_found",
    `${email} has no such login, or it is already revoked or expired.`,
    { field: "login" },
  );
}

/** Revokes all logins of a user. Browsers stay signed in, and personal access tokens work. */
export const revokeUserLogins: UserOperation<
  { email: string },
  RevokedLogins | DomainError
> = async (deps, { email }) => {
  const { sql, clock, tokenValidator } = deps;
  const revoked = await sql.begin(async (tx) => {
    const user = await lockUser(tx, email);
    if (user === undefined) return noSuchUser(email);
    const logins = await revokeLoginsOfUser(tx, { clock }, {
      userId: user.id,
      event: (logins) =>
        adminEvent(deps, {
          event: "logins.all_revoked",
          subject: user.id,
          details: { logins, browsers: 0 },
        }),
    });
    return { email: user.email, logins };
  }) as { email: string; logins: string[] } | DomainError;
  if (revoked instanceof DomainError) return revoked;
  for (const id of revoked.logins) tokenValidator?.invalidate(`login:${id}`);
  return { email: revoked.email, logins: revoked.logins.length, tokens: 0 };
};
