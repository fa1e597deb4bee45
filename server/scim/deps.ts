import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { Mail } from "../notifications/mail.ts";
import type { Sql } from "../store/db/connect.ts";
import type { Directory } from "../store/directories/directories.ts";
import type { TokenValidator } from "../validation/token_validator.ts";

/** What the endpoints need. */
export interface ScimDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  config: Pick<ServerConfig, "passwordSignIn" | "databaseUrl">;
  tokenValidator: Pick<TokenValidator, "invalidate">;
  mail: Pick<Mail, "send">;
}

/** Who sends a request. */
export interface Caller {
  directory: Directory;
  address: string;
}

/** A directory in the audit log, and as the source of what it does. */
export function sourceOf({ directory }: Pick<Caller, "directory">): `scim:${string}` {
  return `scim:${directory.name}`;
}
