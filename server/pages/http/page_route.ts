import type { Clock } from "../../../shared/clock.ts";
import type { SharedExamination } from "../../admin/doctor/shared_examination.ts";
import type { ServerConfig } from "../../config/server_config.ts";
import type { JwksCache } from "../../federation/jwks_cache.ts";
import type { GeoipLookup } from "../../geoip.ts";
import type { Log } from "../../log.ts";
import type { IdentityProviderClients } from "../../identity_providers/identity_provider_clients.ts";
import type { Mail } from "../../notifications/mail.ts";
import type { DocumentClients } from "../../oauth/client_documents/document_clients.ts";
import type { Webhook } from "../../notifications/webhook.ts";
import type { OutboundHttp } from "../../outbound/outbound_http.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { Encryption } from "../../security/encryption.ts";
import type { Sql } from "../../store/db/connect.ts";
import type { ServerSecrets } from "../../store/server_secrets.ts";
import type { SigningKeys } from "../../tokens/signing_keys.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import type { PageContext } from "../context.ts";
import type { RenderDeps } from "../render.tsx";

/** Everything that any page needs; each declares what it uses. */
export interface PageDeps extends RenderDeps {
  config: ServerConfig;
  secrets: Pick<ServerSecrets, "formKey" | "auditKey">;
  catalog: ResourceCatalog;
  sql: Sql;
  clock: Clock;
  log: Log;
  tokenValidator: TokenValidator;
  jwksCache: JwksCache;
  keys: SigningKeys;
  mail: Mail;
  webhook: Webhook;
  http: OutboundHttp;
  encryption: Encryption;
  identityProviders: IdentityProviderClients;
  documentClients: DocumentClients;
  placeOf: GeoipLookup;
  health: SharedExamination;
}

/** Who may open a page or submit its form. */
export type PageAccess =
  | "everyone"
  | "signed_in"
  | "administrator"
  /** The owner of the token in the path, and administrators. */
  | "token_viewer"
  /** Those who may rotate the token in the path: see server/pats/access.ts. */
  | "token_rotator"
  /** Those who may edit it. */
  | "token_editor";

export type PageHandler = (deps: PageDeps, c: PageContext) => Response | Promise<Response>;

/** What a page and its form require. */
export interface PageRequirements {
  access: PageAccess;
  /**
   * Whether a sign-in older than `device_fresh_sign_in` must be repeated first: for each action
   * that grants, changes or revokes something, and for the page with its form, so that no one
   * fills it in without being able to submit it. `to_approve`: only if the form approves.
   * `to_change_methods`: within 15 minutes even without that setting, and with a second factor if
   * the user has one.
   */
  freshSignIn?: boolean | "to_approve" | "to_change_methods";
  /** Only while logins with a device code are enabled. */
  deviceFlow?: true;
  /** Parameters to keep when the user returns to the page after signing in. */
  keep?: readonly string[];
  /** The page to return to after signing in, if it is another one. */
  returnTo?: (deps: PageDeps, c: PageContext) => string | Promise<string>;
}

/** One page, or the action of its form. */
export interface PageRoute extends PageRequirements {
  method: "GET" | "POST";
  /** In Hono's syntax: `/tokens/:id`. */
  path: string;
  freshSignIn: NonNullable<PageRequirements["freshSignIn"]>;
  handle: PageHandler;
}
