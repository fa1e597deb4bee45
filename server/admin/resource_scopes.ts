import { valueText } from "../../shared/list_text.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { knowsClientAddresses, UNKNOWN_ADDRESSES } from "../config/client_addresses.ts";
import type { ServerConfig } from "../config/server_config.ts";
import { isRoleGroup } from "../access/group_names.ts";
import { DomainError } from "../domain_error.ts";
import type { Factor, ScopeDescription } from "../scopes.ts";

/** RFC 6749 section 3.3. */
const SCOPE_NAME = /^[\x21\x23-\x5B\x5D-\x7E]+$/;
const MAX_SCOPES = 50;
/** The approval page shows as much of a description. */
const MAX_DESCRIPTION_LENGTH = 250;

/** Checks the scopes that an operation declares, which the config file has checks of its own for. */
export function checkResourceScopes(
  config: Pick<ServerConfig, "issuer" | "tls" | "trustedProxies">,
  scopes: readonly ScopeDescription[],
): DomainError | undefined {
  const reject = (message: string) => new DomainError("invalid", message, { field: "scopes" });
  if (scopes.length > MAX_SCOPES) return reject(`A resource has at most ${MAX_SCOPES} scopes.`);
  const needsNetwork = scopes.some(({ deviceFlow }) => deviceFlow?.includes("same-network"));
  if (needsNetwork && !knowsClientAddresses(config)) return reject(UNKNOWN_ADDRESSES);
  for (const { name, description } of scopes) {
    if (!SCOPE_NAME.test(name)) {
      return reject(
        `"${name}" is not a valid scope: use printable ASCII without spaces, " and \\.`,
      );
    }
    if (!/^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(description) || description.trim() === "") {
      return reject(`Describe the scope ${name} in visible text on one line: users approve it.`);
    }
    if (description.length > MAX_DESCRIPTION_LENGTH) {
      return reject(
        `The description of the scope ${name} has more than ${MAX_DESCRIPTION_LENGTH} characters.`,
      );
    }
  }
  const names = scopes.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  return repeated === undefined ? undefined : reject(`The scope ${repeated} is declared twice.`);
}

/** Groups that one scope names. */
const MAX_GROUPS = 20;

/** Checks the groups that scopes name: those of an unknown group would be for no user. */
export function checkScopeGroups(
  scopes: readonly ScopeDescription[],
  known: readonly string[],
): DomainError | undefined {
  const reject = (message: string) => new DomainError("invalid", message, { field: "scopes" });
  for (const { name, groups } of scopes) {
    if (groups === undefined) continue;
    if (groups.length === 0 || groups.length > MAX_GROUPS) {
      return reject(`The scope ${name}: name between 1 and ${MAX_GROUPS} groups.`);
    }
    const unknown = groups.find((group) => !isRoleGroup(group) && !known.includes(group));
    if (unknown === undefined) continue;
    return reject(
      `The scope ${name}: there is no group ${
        valueText(sanitizeLine(unknown, 100))
      }. Add it first.`,
    );
  }
  return undefined;
}

/** A scope as an operator declares it; `any` removes the factor that it has. */
export interface DeclaredScope extends Omit<ScopeDescription, "factor"> {
  factor?: Factor | "any";
}

export function withFactor({ factor, ...scope }: DeclaredScope): ScopeDescription {
  return factor === undefined || factor === "any" ? scope : { ...scope, factor };
}

/**
 * The scopes of a resource after some were declared and removed. A declaration says who may have
 * the scope; what else the operator has set for it stays.
 */
export function mergeScopes(
  scopes: readonly ScopeDescription[],
  declared: readonly DeclaredScope[],
  removed: readonly string[],
): ScopeDescription[] | DomainError {
  const unknown = removed.find((name) => !scopes.some((scope) => scope.name === name));
  if (unknown !== undefined) {
    return new DomainError(
      "invalid",
      `The resource has no scope ${valueText(sanitizeLine(unknown, 100))}.`,
      { field: "scopes" },
    );
  }
  const merged = scopes.filter(({ name }) => !removed.includes(name));
  for (const scope of declared) {
    const index = merged.findIndex(({ name }) => name === scope.name);
    if (index < 0) merged.push(withFactor(scope));
    else merged[index] = withFactor({ ...withoutAudience(merged[index]), ...scope });
  }
  return merged;
}

function withoutAudience(
  { roles: _, groups: __, tokens: ___, ...scope }: ScopeDescription,
): ScopeDescription {
  return scope;
}
