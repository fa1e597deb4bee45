import { listText, valueText } from "../../shared/list_text.ts";
import { formatScope, MAX_SCOPE_LENGTH, missingScopes } from "../../shared/oauth/scope.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import { parseNetwork } from "../http/ip_address.ts";
import type { ResourceCatalog } from "../resources/catalog.ts";
import { DEFAULT_RESOURCE, type Resource } from "../resources/resource.ts";
import { patScopes, scopeNames } from "../scopes.ts";
import { hasHiddenCharacters, nameProblem } from "../store/users.ts";
import type { PatOwner } from "./owner.ts";

/** In characters. */
export const MAX_DESCRIPTION_LENGTH = 300;
/** Networks that a token may list. */
const MAX_NETWORKS = 50;

/** The operator's policy. */
export type PolicyConfig = Pick<ServerConfig, "personalAccessTokens">;

export interface PolicyDeps {
  config: PolicyConfig;
  catalog: Pick<ResourceCatalog, "find" | "ofRow" | "resources" | "scopes" | "scopesOf">;
}

/** A token as requested. */
export interface PatRequest {
  name: string;
  description?: string | null;
  scopes: readonly string[];
  /** The name or identifier of the resource that the token is for; undefined: the default one. */
  resource?: string;
  /** Seconds; null: never expires; undefined: the policy's default. */
  lifetime?: number | null;
  /** CIDR networks or addresses; empty: any address. */
  allowedAddresses: readonly string[];
  /** The scopes of the approval behind the request; undefined: requested on our own page. */
  approvedScopes?: readonly string[];
}

/** A request that the policy allows. */
export interface GrantedPat {
  name: string;
  description?: string;
  scope: string;
  resource: Resource;
  expiresAt?: Date;
  allowedAddresses: string[];
}

/** Checks a request against the policy and the owner's scopes. `now` is in ms since 1970. */
export function applyPolicy(
  { config, catalog }: PolicyDeps,
  owner: PatOwner,
  request: PatRequest,
  now: number,
): GrantedPat | DomainError {
  if (owner.disabled) {
    return new DomainError("forbidden", `The account ${owner.username} is disabled.`);
  }
  const name = checkName(request.name);
  if (name instanceof DomainError) return name;
  const description = checkDescription(request.description);
  if (description instanceof DomainError) return description;
  const resource = findPatResource(catalog, request.resource);
  if (resource instanceof DomainError) return resource;
  const scope = grantScope(catalog, owner, { ...request, resource });
  if (scope instanceof DomainError) return scope;
  const expiresAt = grantExpiry(config, request.lifetime, now);
  if (expiresAt instanceof DomainError) return expiresAt;
  const allowedAddresses = checkAddresses(request.allowedAddresses);
  if (allowedAddresses instanceof DomainError) return allowedAddresses;
  return { name, description, scope, resource, expiresAt, allowedAddresses };
}

/** As it is stored. */
export function checkName(requested: string): string | DomainError {
  const name = requested.trim().normalize("NFC");
  const problem = nameProblem(name);
  return problem === undefined ? name : new DomainError("invalid", problem, { field: "name" });
}

/** As it is stored; undefined: none. */
export function checkDescription(
  requested: string | null | undefined,
): string | undefined | DomainError {
  const description = (requested ?? "").trim().normalize("NFC");
  if (description === "") return undefined;
  const invalid = (message: string) =>
    new DomainError("invalid", message, { field: "description" });
  if ([...description].length > MAX_DESCRIPTION_LENGTH) {
    return invalid(`The description is too long: at most ${MAX_DESCRIPTION_LENGTH} characters.`);
  }
  return hasHiddenCharacters(description)
    ? invalid("The description contains line breaks or invisible characters. Type it again.")
    : description;
}

/** Personal access tokens are never for the management interface. */
function findPatResource(
  catalog: PolicyDeps["catalog"],
  requested: string | undefined,
): Resource | DomainError {
  const resource = catalog.find(requested ?? DEFAULT_RESOURCE);
  if (resource !== undefined && resource.kind !== "management") return resource;
  return new DomainError(
    "invalid",
    `There is no resource ${valueText(requested ?? "")} that tokens can be for.`,
    { field: "resource" },
  );
}

/** The scopes that a token for `resource` may have, as a parameter. */
export function grantScope(
  catalog: PolicyDeps["catalog"],
  owner: PatOwner,
  { scopes, resource, approvedScopes }: Pick<PatRequest, "scopes" | "approvedScopes"> & {
    resource: Resource;
  },
): string | DomainError {
  const requested = [...new Set(scopes)];
  const available = catalog.scopesOf(resource);
  const held = scopeNames(patScopes(available, owner));
  const missing = missingScopes(requested, held);
  if (missing.length > 0) {
    const names = missing.join(" ").slice(0, MAX_SCOPE_LENGTH);
    const other = catalog.scopes().find(({ name }) =>
      missing.includes(name) && missingScopes([name], scopeNames(available)).length > 0
    );
    if (other !== undefined) {
      return new DomainError(
        "invalid",
        `The scope ${other.name} is one of the resource ${other.resource ?? DEFAULT_RESOURCE}, ` +
          `not of ${resource.name}. Create a token for each resource.`,
        { field: "scopes" },
      );
    }
    return missingScopes(missing, scopeNames(available)).length === 0
      ? new DomainError("forbidden", `${owner.username} cannot create tokens with ${names}.`, {
        field: "scopes",
      })
      : new DomainError(
        "invalid",
        `Unknown scope: ${names}. Available scopes: ${listText(held, "none")}.`,
        { field: "scopes" },
      );
  }
  // The approval named the resource only by its scopes.
  if (approvedScopes !== undefined && resource.kind === "registered" && requested.length === 0) {
    return new DomainError("invalid", `Name a scope of the resource ${resource.name}.`, {
      field: "scopes",
    });
  }
  const unapproved = approvedScopes === undefined ? [] : missingScopes(requested, approvedScopes);
  if (unapproved.length > 0) {
    return new DomainError(
      "insufficient_scope",
      `The approval does not cover ${unapproved.join(" ")}. Request an approval that does.`,
      { field: "scopes", scopes: requested },
    );
  }
  const scope = formatScope(requested);
  return scope.length <= MAX_SCOPE_LENGTH
    ? scope
    : new DomainError("invalid", "Too many scopes for one token. Create two tokens.", {
      field: "scopes",
    });
}

/** To the second, as it is displayed. Undefined: never. */
function grantExpiry(
  { personalAccessTokens: policy }: PolicyConfig,
  lifetime: number | null | undefined,
  now: number,
): Date | undefined | DomainError {
  if (lifetime === null) {
    return policy.neverExpire ? undefined : new DomainError(
      "forbidden",
      `Tokens on this server must expire, after at most ${formatDays(policy.maxLifetime)}. ` +
        "Choose a lifetime.",
      { field: "lifetime" },
    );
  }
  const seconds = lifetime ?? policy.defaultLifetime;
  if (!Number.isInteger(seconds) || seconds < 1) {
    const message = "The lifetime of a token must be a whole number of seconds, at least 1.";
    return new DomainError("invalid", message, { field: "lifetime" });
  }
  if (seconds > policy.maxLifetime) {
    return new DomainError(
      "forbidden",
      `Tokens on this server expire after at most ${formatDays(policy.maxLifetime)}. ` +
        "Choose a shorter lifetime.",
      { field: "lifetime", maxLifetime: policy.maxLifetime },
    );
  }
  return new Date((Math.floor(now / 1000) + seconds) * 1000);
}

/** As they are stored. */
export function checkAddresses(requested: readonly string[]): string[] | DomainError {
  const invalid = requested.find((text) => parseNetwork(text) === undefined);
  if (invalid !== undefined) {
    return new DomainError(
      "invalid",
      `"${invalid.slice(0, 60)}" is not a valid IP address or network. ` +
        "Write it like 203.0.113.7 or 10.0.0.0/8.",
      { field: "allowedAddresses" },
    );
  }
  if (requested.length > MAX_NETWORKS) {
    const message = `A token can list at most ${MAX_NETWORKS} networks.`;
    return new DomainError("invalid", message, { field: "allowedAddresses" });
  }
  return [...requested];
}

function formatDays(seconds: number): string {
  if (seconds < 2 * 86_400) return `${seconds} seconds`;
  return `${Math.floor(seconds / 86_400)} days`;
}
