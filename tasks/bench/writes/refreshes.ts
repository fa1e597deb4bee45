/** Rotations of refresh tokens, each of a login that no other call uses. */
import { randomBytes } from "node:crypto";
import type postgres from "postgres";
import type { Sql } from "../../../server/store/db/connect.ts";
import { rotateRefreshToken } from "../../../server/store/rotate_refresh_token.ts";
import { refreshTokenHashes } from "../../../server/tokens/refresh_token.ts";
import { addLogins } from "../../scale/operations.ts";
import { Pool, type WritePair, wroteOne } from "./write_pair.ts";

const LOGINS = 2000;
const DAY_MS = 86_400_000;

/** Needs at least one user. */
export async function refreshes(sql: Sql, bareSql: postgres.Sql): Promise<WritePair> {
  const tokens = await addLogins({ sql: bareSql }, LOGINS, { scope: "openid offline_access" });
  const pool = new Pool(tokens.map((token) => ({ ...refreshTokenHashes(token)! })));
  const rotation = () => {
    const now = new Date();
    return { now, successorHash: randomBytes(32), idleExpiresAt: new Date(now.getTime() + DAY_MS) };
  };
  return {
    name: "refresh",
    store: () =>
      pool.use(async (current) => {
        const next = rotation();
        const expiry = await rotateRefreshToken(sql, { current: { ...current }, ...next });
        if (expiry === undefined) throw new Error("not rotated");
        current.hash = next.successorHash;
      }),
    bare: () =>
      pool.use(async (current) => {
        const { successorHash, idleExpiresAt, now } = rotation();
        wroteOne(
          await bareSql`
            update refresh_token_families set previous_hash = current_hash,
              current_hash = ${successorHash}, last_used_at = ${now},
              idle_expires_at = ${idleExpiresAt}
            where handle_hash = ${current.handleHash} and current_hash = ${current.hash}
              and revoked_at is null
            returning idle_expires_at`,
        );
        current.hash = successorHash;
      }),
  };
}
