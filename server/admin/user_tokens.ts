import { isUuid } from "../../shared/uuid.ts";
import { DomainError } from "../domain_error.ts";
import { revokeAllTokens, revokeToken } from "../pats/revoke.ts";
import { findPersonalAccessToken } from "../store/pats/find.ts";
import { listPersonalAccessTokens } from "../store/pats/list.ts";
import type { PersonalAccessToken } from "../store/pats/types.ts";
import { findUserByReference } from "../store/users.ts";
import { noSuchUser } from "./no_such_user.ts";
import type { UserDeps, UserOperation } from "./operation.ts";

/** Tokens that a list has at most: the newest. */
const MAX_TOKENS = 1000;

/** An active personal access token of a user, without the secret. Times are ISO 8601. */
export interface UserToken {
  id: string;
  name: string;
  prefix: string;
  scope: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  lastUsedAddress: string | null;
}

function toUserToken(token: PersonalAccessToken): UserToken {
  return {
    id: token.id,
    name: token.name,
    prefix: token.prefix,
    scope: token.scope,
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: token.lastUsedAddress ?? null,
  };
}

/** The active personal access tokens of a user, newest first. */
export const listUserTokens: UserOperation<
  { email: string },
  { email: string; tokens: UserToken[] } | DomainError
> = async ({ sql, clock }, { email }) => {
  const user = await findUserByReference(sql, email);
  if (user === undefined) return noSuchUser(email);
  const tokens = await listPersonalAccessTokens(sql, {
    ownerId: user.id,
    status: { at: new Date(clock.now()), active: true },
    limit: MAX_TOKENS,
  });
  return { email: user.email, tokens: tokens.map(toUserToken) };
};

/** Revokes one personal access token of a user, or all. */
export const revokeUserTokens: UserOperation<
  { email: string; tokenId?: string },
  { email: string; tokens: number } | DomainError
> = async (deps, { email, tokenId }) => {
  const user = await findUserByReference(deps.sql, email);
  if (user === undefined) return noSuchUser(email);
  const { actor = "operator", address, loginId } = deps;
  const by = { actor: { id: actor, address, loginId } };
  if (tokenId === undefined) {
    const tokens = await revokeAllTokens(withInvalidation(deps), { ownerId: user.id, ...by });
    return { email: user.email, tokens };
  }
  const token = isUuid(tokenId) ? await findPersonalAccessToken(deps.sql, tokenId) : undefined;
  const isExpired = token?.expiresAt !== undefined &&
    token.expiresAt.getTime() <= deps.clock.now();
  if (token?.owner.id !== user.id || token.revokedAt !== undefined || isExpired) {
    return new DomainError(
      "not_found",
      `${user.email} has no such token, or it is already revoked or expired.`,
      { field: "token" },
    );
  }
  await revokeToken(withInvalidation(deps), { token, ...by });
  return { email: user.email, tokens: 1 };
};

function withInvalidation({ sql, clock, tokenValidator = { invalidate() {} } }: UserDeps) {
  return { sql, clock, tokenValidator };
}
