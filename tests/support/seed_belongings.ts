/** A browser, a login and a personal access token of a user, with ids that a test chooses. */
import type { Sql } from "../../server/store/db/connect.ts";
import { insertPersonalAccessToken } from "../../server/store/pats/write.ts";
import { insertRefreshTokenFamily } from "../../server/store/refresh_token_families.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { brand } from "../../shared/brand.ts";

const DAY = 86_400_000;

export async function seedBelongings(
  sql: Sql,
  { userId, now, session, login, token }: {
    userId: string;
    now: Date;
    session: string;
    login: string;
    /** Created with the login. */
    token: string;
  },
): Promise<void> {
  const expiresAt = new Date(now.getTime() + 30 * DAY);
  const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
  await sql.begin(async (tx) => {
    await tx`
      insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
        expires_at, address, user_agent)
      values (${session}, ${
      tokenHash(session)
    }, ${userId}, ${now}, ${now}, ${now}, ${expiresAt}, '192.0.2.7', ${userAgent})`;
    await insertRefreshTokenFamily(tx, {
      id: login,
      userId,
      clientId: brand.cliClientId,
      scope: "openid deploy",
      authenticatedAt: now,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: expiresAt,
      absoluteExpiresAt: expiresAt,
      address: "192.0.2.8",
      userAgent: "cli/1",
      name: "laptop",
    }, { handleHash: tokenHash(`${login} handle`), hash: tokenHash(login) });
    await insertPersonalAccessToken(tx, {
      id: token,
      owner: { kind: "user", id: userId },
      name: `release ${token.slice(-2)}`,
      tokenHash: tokenHash(token),
      prefix: `${brand.tokenPrefixes.personalAccessToken}abcdefgh`,
      scope: "deploy",
      audience: "x",
      allowedAddresses: [],
      createdAt: now,
      expiresAt,
      createdByLogin: login,
    });
  });
}
