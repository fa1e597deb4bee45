import { formatScope, MAX_SCOPE_LENGTH, missingScopes } from "../../shared/oauth/scope.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { patScopes, scopeNames } from "../scopes.ts";
import { parseNetwork } from "../http/ip_address.ts";
import { nameProblem } from "../store/users.ts";
import type { PatOwner } from "./owner.ts";
import { DomainError } from "../domain_error.ts";

/** Networks a token may list. */
const MAX_NETWORKS = 50;

/** A token as somebody asks for it. */
export interface PatRequest {
  name: string;
  scopes: readonly string[];
  /** Seconds; null: never; undefined: as long as the policy's default. */
  lifetime?: number | null;
  /** CIDR networks or addresses; empty: from anywhere. */
  allowedAddresses: readonly string[];
  /** What the approval behind the request covers; undefined: a person asks on our own page. */
  approvedScopes?: readonly string[];
}

/** What the policy makes of a wish. */
export interface GrantedPat {
  name: string;
  scope: string;
  expiresAt?: Date;
  allowedAddresses: string[];
}

/** Holds a wish against the policy and against what its holder has. `now` is in ms since 1970. */
export function applyPolicy(
  config: Pick<ServerConfig, "scopes" | "personalAccessTokens">,
  holder: PatOwner,
  wish: PatRequest,
  now: number,
): GrantedPat | DomainError {
  if (holder.disabled) {
    return new DomainError("forbidden", `${holder.owner.username} is disabled.`);
  }
  const name = wish.name.trim().normalize("NFC");
  const problem = nameProblem(name);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "name" });
  const scope = grantedScope(config.scopes, holder, wish);
  if (scope instanceof DomainError) return scope;
  const expiresAt = expiryOf(config, wish.lifetime, now);
  if (expiresAt instanceof DomainError) return expiresAt;
  const stray = wish.allowedAddresses.find((text) => parseNetwork(text) === undefined);
  if (stray !== undefined) {
    return new DomainError(
      "invalid",
      `"${stray.slice(0, 60)}" is no address or network. Write it like 203.0.113.7 or 10.0.0.0/8.`,
      { field: "allowedAddresses" },
    );
  }
  if (wish.allowedAddresses.length > MAX_NETWORKS) {
    const message = `At most ${MAX_NETWORKS} networks can be listed.`;
    return new DomainError("invalid", message, { field: "allowedAddresses" });
  }
  return { name, scope, expiresAt, allowedAddresses: [...wish.allowedAddresses] };
}

function grantedScope(
  catalogue: ServerConfig["scopes"],
  holder: PatOwner,
  { scopes: wanted, approvedScopes }: Pick<PatRequest, "scopes" | "approvedScopes">,
): string | DomainError {
  const held = scopeNames(patScopes(catalogue, holder));
  const missing = missingScopes(wanted, held);
  if (missing.length > 0) {
    const unknown = missingScopes(missing, scopeNames(catalogue));
    const names = missing.join(" ").slice(0, MAX_SCOPE_LENGTH);
    return unknown.length > 0
      ? new DomainError(
        "invalid",
        `Unknown scope: ${names}. Known ones: ${held.join(" ")}.`,
        { field: "scopes" },
      )
      : new DomainError(
        "forbidden",
        `${holder.owner.username} cannot give a token the scope ${names}.`,
        { field: "scopes" },
      );
  }
  const unapproved = approvedScopes === undefined ? [] : missingScopes(wanted, approvedScopes);
  if (unapproved.length > 0) {
    return new DomainError(
      "insufficient_scope",
      `The approval does not cover ${unapproved.join(" ")}.`,
      { field: "scopes", scopes: [...new Set(wanted)] },
    );
  }
  const scope = formatScope([...new Set(wanted)]);
  return scope.length <= MAX_SCOPE_LENGTH
    ? scope
    : new DomainError("invalid", "Too many scopes for one token: make two.", { field: "scopes" });
}

/** To the second, as people read it. Undefined: never. */
function expiryOf(
  { personalAccessTokens: policy }: Pick<ServerConfig, "personalAccessTokens">,
  lifetime: number | null | undefined,
  now: number,
): Date | undefined | DomainError {
  if (lifetime === null) {
    return policy.neverExpire ? undefined : new DomainError(
      "forbidden",
      `Tokens must have an end here: at most ${days(policy.maxLifetime)} from now.`,
      { field: "lifetime" },
    );
  }
  const seconds = lifetime ?? policy.defaultLifetime;
  if (!Number.isInteger(seconds) || seconds < 1) {
    const message = "The life of a token is a number of seconds, 1 or more.";
    return new DomainError("invalid", message, { field: "lifetime" });
  }
  if (seconds > policy.maxLifetime) {
    return new DomainError(
      "forbidden",
      `Tokens live at most ${days(policy.maxLifetime)} here. Ask for less.`,
      { field: "lifetime", maxLifetime: policy.maxLifetime },
    );
  }
  return new Date((Math.floor(now / 1000) + seconds) * 1000);
}

function days(seconds: number): string {
  if (seconds < 2 * 86_400) return `${seconds} seconds`;
  return `${Math.floor(seconds / 86_400)} days`;
}
