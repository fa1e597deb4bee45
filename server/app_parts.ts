import type { Clock } from "../shared/clock.ts";
import type { ServerConfig } from "./config/server_config.ts";
import type { JwksCache } from "./federation/jwks_cache.ts";
import type { Log } from "./log.ts";
import type { Mail } from "./notifications/mail.ts";
import type { OutboundHttp } from "./outbound/outbound_http.ts";
import type { Database, Sql } from "./store/db/connect.ts";
import type { ServerSecrets } from "./store/server_secrets.ts";
import type { Webhook } from "./notifications/webhook.ts";
import type { TokenValidator } from "./validation/token_validator.ts";
import type { SigningKeys } from "./tokens/signing_keys.ts";

/** What the application is built from; serve.ts and tests put it together. */
export interface AppParts {
  config: ServerConfig;
  /** The server's identifier and public address, without a slash at the end (RFC 8414 section 2). */
  issuer: string;
  sql: Sql;
  database: Pick<Database, "sql" | "probeWrites">;
  clock: Clock;
  log: Log;
  secrets: ServerSecrets;
  keys: SigningKeys;
  /** Says what a token is worth. */
  tokenValidator: TokenValidator;
  /** Keys of the issuers whose workloads we trust. */
  jwksCache: JwksCache;
  /** What operators' systems are told of. */
  webhook: Webhook;
  /** Tells people by e-mail, where the operator gave a mail server. */
  mail: Mail;
  /** Sends the server's own requests. */
  http: OutboundHttp;
}
