import { randomBytes } from "node:crypto";
import { listText, valueText } from "../../shared/list_text.ts";
import { redirectUriProblem } from "../../shared/oauth/redirect_uri.ts";
import { formatScope, missingScopes } from "../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { knowsClientAddresses, UNKNOWN_ADDRESSES } from "../config/client_addresses.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { DomainError } from "../domain_error.ts";
import { clientScopes, DEVICE_FLOW_RULES, scopeNames } from "../scopes.ts";
import {
  CLIENT_GRANTS,
  type ClientGrant,
  type ClientPolicy,
  CONSENT_POLICIES,
} from "../store/clients.ts";
import { nameProblem } from "../store/users.ts";

/** Ids are part of URLs, of commands and of the claims of tokens. */
const CLIENT_ID = /^[a-z0-9][a-z0-9._-]{1,63}$/;

/** Ids that tokens have for something else: see patClientId. */
const RESERVED_ID = /^pat-/;

/** The same minimum as that of the settings, in seconds. */
const MIN_LIFETIME = 60;
const MAX_ACCESS_TOKEN_LIFETIME = 86_400;
/** Ten years, which the database's integers can hold. */
const MAX_LIFETIME = 3650 * 86_400;
const MAX_HOMEPAGE_LENGTH = 500;
const MAX_REDIRECT_URIS = 20;

/** For a client that is registered without an id. */
export function generateClientId(): string {
  return `client-${randomBytes(9).toString("hex")}`;
}

/** A public client without a grant could do nothing; a confidential one may introspect tokens. */
export function defaultGrants({ isPublic }: { isPublic: boolean }): ClientGrant[] {
  return isPublic ? ["device"] : [];
}

export function checkClientId(id: string): DomainError | undefined {
  if (CLIENT_ID.test(id) && !RESERVED_ID.test(id)) return undefined;
  return new DomainError(
    "invalid",
    `"${id}" is not a valid client id. Use 2 to 64 lowercase letters, digits and the ` +
      `characters . _ - and do not start with pat-.`,
    { field: "id" },
  );
}

/** Checks what a client shall be allowed against the catalog of scopes. */
export function checkClientPolicy(
  id: string,
  policy: ClientPolicy,
  { config, catalog }: {
    config: Pick<ServerConfig, "issuer" | "tls" | "trustedProxies">;
    catalog: Pick<ResourceCatalog, "scopes" | "find" | "resources">;
  },
): DomainError | undefined {
  const name = nameProblem(policy.name);
  if (name !== undefined) return new DomainError("invalid", name, { field: "name" });
  return checkHomepage(policy.homepage) ?? checkGrants(policy.grants) ??
    checkRedirects(policy) ?? checkScopes(id, policy.scopes, catalog) ??
    checkResources(policy, catalog) ?? checkDeviceFlow(policy, config) ??
    checkLifetimes(policy);
}

function checkResources(
  { resources = [] }: ClientPolicy,
  catalog: Pick<ResourceCatalog, "find" | "resources">,
): DomainError | undefined {
  const names = catalog.resources().map(({ name }) => name);
  const [unknown] = missingScopes(resources, names);
  if (unknown === undefined) return undefined;
  return new DomainError(
    "invalid",
    `There is no resource ${valueText(sanitizeLine(unknown, 100))}. Available resources: ${
      listText(names, "none")
    }.`,
    { field: "resources" },
  );
}

function checkDeviceFlow(
  { deviceFlow = [] }: ClientPolicy,
  config: Pick<ServerConfig, "issuer" | "tls" | "trustedProxies">,
): DomainError | undefined {
  const unknown = missingScopes(deviceFlow, DEVICE_FLOW_RULES);
  if (unknown.length > 0) {
    return new DomainError(
      "invalid",
      `"${unknown[0]}" is not a rule for device logins. Use ${DEVICE_FLOW_RULES.join(", ")}.`,
      { field: "deviceFlow" },
    );
  }
  if (!deviceFlow.includes("same-network") || knowsClientAddresses(config)) return undefined;
  return new DomainError("invalid", UNKNOWN_ADDRESSES, { field: "deviceFlow" });
}

function checkHomepage(homepage: string | undefined): DomainError | undefined {
  if (homepage === undefined) return undefined;
  const url = URL.parse(homepage);
  const isHttps = url?.protocol === "https:" && url.username === "" && url.password === "";
  if (isHttps && homepage.length <= MAX_HOMEPAGE_LENGTH) return undefined;
  return new DomainError(
    "invalid",
    "The homepage must be an https URL, for example https://example.com/cli.",
    { field: "homepage" },
  );
}

function checkGrants(grants: readonly string[]): DomainError | undefined {
  const unknown = missingScopes(grants, CLIENT_GRANTS);
  if (unknown.length === 0) return undefined;
  return new DomainError(
    "invalid",
    `"${unknown[0]}" is not a grant. Use ${listText(CLIENT_GRANTS, "none", ", ")}.`,
    { field: "grants" },
  );
}

function checkRedirects(
  { grants, redirectUris = [], consent = "always" }: ClientPolicy,
): DomainError | undefined {
  const field = "redirectUris";
  if (redirectUris.length > MAX_REDIRECT_URIS) {
    return new DomainError(
      "invalid",
      `A client can have at most ${MAX_REDIRECT_URIS} redirect URIs.`,
      { field },
    );
  }
  for (const uri of redirectUris) {
    const problem = redirectUriProblem(uri);
    if (problem !== undefined) {
      return new DomainError("invalid", `${problem} Got: ${sanitizeLine(uri, 100)}`, { field });
    }
  }
  // RFC 9700 section 2.1: only to registered URIs, so without one the grant is useless.
  if (grants.includes("code") && redirectUris.length === 0) {
    return new DomainError(
      "invalid",
      "A client with the grant code needs a redirect URI, or loopback for a program on the " +
        "user's machine.",
      { field },
    );
  }
  if (CONSENT_POLICIES.includes(consent)) return undefined;
  return new DomainError("invalid", `The consent is ${CONSENT_POLICIES.join(" or ")}.`, {
    field: "consent",
  });
}

function checkScopes(
  id: string,
  scopes: readonly string[] | undefined,
  catalog: Pick<ResourceCatalog, "scopes">,
): DomainError | undefined {
  if (scopes === undefined) return undefined;
  const available = scopeNames(clientScopes(catalog.scopes(), { id }));
  const unknown = missingScopes(scopes, available);
  if (unknown.length === 0) return undefined;
  return new DomainError(
    "invalid",
    `This client cannot have the scope ${formatScope(unknown)}. ` +
      `Available scopes: ${formatScope(available)}.`,
    { field: "scopes" },
  );
}

function checkLifetimes(policy: ClientPolicy): DomainError | undefined {
  const fields = [
    "accessTokenLifetime",
    "refreshTokenIdleLifetime",
    "refreshTokenAbsoluteLifetime",
  ] as const;
  for (const field of fields) {
    const seconds = policy[field];
    if (seconds !== undefined && !(seconds >= MIN_LIFETIME)) {
      return new DomainError("invalid", "A lifetime is at least one minute.", { field });
    }
    if (seconds !== undefined && seconds > MAX_LIFETIME) {
      return new DomainError("invalid", "A lifetime is at most 3650 days.", { field });
    }
  }
  const access = policy.accessTokenLifetime ?? 0;
  if (access > MAX_ACCESS_TOKEN_LIFETIME) {
    return new DomainError(
      "invalid",
      "An access token may be valid for at most 24 hours: APIs that only check its signature " +
        "accept it until then, even if the login was revoked.",
      { field: "accessTokenLifetime" },
    );
  }
}
