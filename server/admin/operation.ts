import type { Clock } from "../../shared/clock.ts";
import type { ServerConfig } from "../config/server_config.ts";
import type { JwksCache } from "../federation/jwks_cache.ts";
import type { Mail } from "../notifications/mail.ts";
import type { Webhook } from "../notifications/webhook.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import type { Encryption } from "../security/encryption.ts";
import type { Database, Sql } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import type { SigningKeys } from "../tokens/signing_keys.ts";

/** What the operations need. */
export interface AdminDeps {
  sql: Sql;
  clock: Clock;
  keys: Pick<SigningKeys, "list" | "rotate" | "remove" | "removeWithin" | "reload" | "add">;
  jwksCache: JwksCache;
  config: Pick<
    ServerConfig,
    | "mail"
    | "personalAccessTokens"
    | "scopes"
    | "resources"
    | "issuer"
    | "session"
    | "tls"
    | "trustedProxies"
    | "databaseUrl"
    | "keyRotation"
    | "webhook"
  >;
  catalog: Pick<
    ResourceCatalog,
    "default" | "find" | "management" | "ofRow" | "resources" | "scopes" | "scopesOf"
  >;
  mail: Pick<Mail, "send" | "deliver" | "verify">;
  webhook: Pick<Webhook, "ping">;
  encryption: Encryption;
  secrets: Pick<ServerSecrets, "auditKey">;
  issuer: string;
  /** Copies the embedded database of a running server. */
  snapshot?: Database["snapshot"];
  /** Of this process. Other replicas are notified by triggers of the database. */
  tokenValidator?: { invalidate(subject: string): void };
  /** The id of the administrator, for an operation over HTTP; default: the operator. */
  actor?: string;
  /** From which IP address the administrator sent the request. */
  address?: string;
  /** The login of the token that the administrator sent, over REST. */
  loginId?: string;
  /** The file that is being applied, as `file:NAME`. */
  applying?: string;
}

/**
 * A use case of operators. Parameters and results are JSON, since the embedded database is reached
 * through the server that holds it.
 */
export type Operation<Params, Result> = (deps: AdminDeps, params: Params) => Promise<Result>;

/** What the operations on users need. */
export type UserDeps =
  & Pick<
    AdminDeps,
    | "sql"
    | "clock"
    | "issuer"
    | "tokenValidator"
    | "actor"
    | "address"
    | "loginId"
  >
  & {
    mail: Pick<Mail, "send" | "deliver">;
    config: Pick<AdminDeps["config"], "mail" | "session">;
  };

export type UserOperation<Params, Result> = (deps: UserDeps, params: Params) => Promise<Result>;

/** What the operations on trust rules need. */
export type TrustDeps = Pick<
  AdminDeps,
  "sql" | "clock" | "catalog" | "issuer" | "actor" | "address" | "loginId" | "applying"
>;

export type TrustOperation<Params, Result> = (deps: TrustDeps, params: Params) => Promise<Result>;

/** For parameters and results without content. */
export type Empty = Record<never, never>;
