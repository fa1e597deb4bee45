import { listText } from "../../shared/list_text.ts";
import { formatScope, MAX_SCOPE_LENGTH, missingScopes } from "../../shared/oauth/scope.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { DomainError } from "../domain_error.ts";
import { parseNetwork } from "../http/ip_address.ts";
import { patScopes, scopeNames } from "../scopes.ts";
import { hasHiddenCharacters, nameProblem } from "../store/users.ts";
import type { PatOwner } from "./owner.ts";

/** In characters. */
export const MAX_DESCRIPTION_LENGTH = 300;
/** Networks that a token may list. */
const MAX_NETWORKS = 50;

/** The operator's policy. */
export type PolicyConfig = Pick<ServerConfig, "scopes" | "personalAccessTokens">;

/** A token as requested. */
export interface PatRequest {
  name: string;
  description?: string | null;
  scopes: readonly string[];
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
  expiresAt?: Date;
  allowedAddresses: string[];
}

/** Checks a request against the policy and the owner's scopes. `now` is in ms since 1970. */
export function applyPolicy(
  config: PolicyConfig,
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
  const scope = grantScope(config.scopes, owner, request);
  if (scope instanceof DomainError) return scope;
  const expiresAt = grantExpiry(config, request.lifetime, now);
  if (expiresAt instanceof DomainError) return expiresAt;
  const allowedAddresses = checkAddresses(request.allowedAddresses);
  if (allowedAddresses instanceof DomainError) return allowedAddresses;
  return { name, description, scope, expiresAt, allowedAddresses };
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

/** The scopes that a token may have, as a parameter. */
export function grantScope(
  catalog: ServerConfig["scopes"],
  owner: PatOwner,
  { scopes, approvedScopes }: Pick<PatRequest, "scopes" | "approvedScopes">,
): string | DomainError {
  const requested = [...new Set(scopes)];
  const held = scopeNames(patScopes(catalog, owner));
  const missing = missingScopes(requested, held);
  if (missing.length > 0) {
    const names = missing.join(" ").slice(0, MAX_SCOPE_LENGTH);
    return missingScopes(missing, scopeNames(catalog)).length === 0
      ? new DomainError("forbidden", `${owner.username} cannot create tokens with ${names}.`, {
        field: "scopes",
      })
      : new DomainError(
        "invalid",
        `Unknown scope: ${names}. Available scopes: ${listText(held, "none")}.`,
        { field: "scopes" },
      );
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
