import type { Clock } from "../../../shared/clock.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listRefreshTokenFamilies } from "../../store/refresh_token_families.ts";
import { listSessions, type Session } from "../../store/sessions.ts";

/** Logins, and browsers, that pages list: the most recently used. */
export const MAX_LISTED = 100;

export async function listLogins(
  { sql, clock }: { sql: Sql; clock: Clock },
  { user }: Session,
) {
  return await listRefreshTokenFamilies(sql, {
    userId: user.id,
    now: new Date(clock.now()),
    limit: MAX_LISTED,
  });
}

export interface ListBrowsersDeps {
  sql: Sql;
  clock: Clock;
  config: Pick<ServerConfig, "session">;
}

/** The browsers in which the user is signed in. */
export async function listBrowsers({ sql, clock, config }: ListBrowsersDeps, { user }: Session) {
  return await listSessions(sql, {
    userId: user.id,
    idleSeconds: config.session.idleSeconds,
    now: new Date(clock.now()),
    limit: MAX_LISTED,
  });
}
