import { parseDurationSeconds } from "../../../../shared/duration.ts";
import type { ClientChanges } from "../../../admin/client_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { FormParameters } from "../../../http/form.ts";
import type { ResourceCatalog } from "../../../resources/catalog.ts";
import type { Resource } from "../../../resources/resource.ts";
import { clientScopes, DEVICE_FLOW_RULES, type ScopeDescription } from "../../../scopes.ts";
import { CLIENT_GRANTS, type ClientPolicy } from "../../../store/clients.ts";

export const LIFETIME_FIELDS = [
  "accessTokenLifetime",
  "refreshTokenIdleLifetime",
  "refreshTokenAbsoluteLifetime",
] as const;

export type LifetimeField = typeof LIFETIME_FIELDS[number];

/** What a client can be given. */
export interface PolicyChoices {
  scopes: readonly ScopeDescription[];
  resources: readonly Resource[];
}

export function policyChoices(
  catalog: Pick<ResourceCatalog, "scopes" | "resources">,
  id: string,
): PolicyChoices {
  return { scopes: clientScopes(catalog.scopes(), { id }), resources: catalog.resources() };
}

/** What the fields of the form say about a client. */
export function readPolicy(
  form: FormParameters,
  { scopes, resources }: PolicyChoices,
): ClientPolicy | DomainError {
  const redirectUris = (form("redirectUris") ?? "").split(/\s+/).filter((uri) => uri !== "");
  const deviceFlow = DEVICE_FLOW_RULES.filter((rule) => form(`deviceFlow:${rule}`));
  const policy: ClientPolicy = {
    name: form("name") ?? "",
    homepage: form("homepage") || undefined,
    grants: CLIENT_GRANTS.filter((grant) => form(`grant:${grant}`)),
    redirectUris: redirectUris.length === 0 ? undefined : redirectUris,
    consent: form("consent") === "remember" ? "remember" : undefined,
    resources: form("resource_limit") === "all"
      ? undefined
      : resources.map(({ name }) => name).filter((name) => form(`resource:${name}`)),
    deviceFlow: deviceFlow.length === 0 ? undefined : deviceFlow,
    // Without the field there is no scope, not every scope.
    scopes: form("scope_limit") === "all"
      ? undefined
      : scopes.map(({ name }) => name).filter((name) => form(`scope:${name}`)),
  };
  for (const field of LIFETIME_FIELDS) {
    const text = form(field) ?? "";
    if (text.trim() === "") continue;
    const seconds = parseDurationSeconds(text);
    if (seconds === undefined) {
      return new DomainError("invalid", "Write the duration like 15m, 8h or 30d.", { field });
    }
    policy[field] = seconds;
  }
  return policy;
}

/** The members in which two policies differ, with their values after; null: none. */
export function policyChanges(before: ClientPolicy, after: ClientPolicy): ClientChanges {
  const keys = [
    "name",
    "homepage",
    "grants",
    "redirectUris",
    "consent",
    "resources",
    "deviceFlow",
    "scopes",
    ...LIFETIME_FIELDS,
  ] as const satisfies (keyof ClientPolicy)[];
  return Object.fromEntries(
    keys.filter((key) => !isSame(before[key], after[key])).map((key) => [key, after[key] ?? null]),
  );
}

function isSame(left: unknown, right: unknown): boolean {
  const comparable = (value: unknown) =>
    JSON.stringify(Array.isArray(value) ? [...value].sort() : value);
  return comparable(left) === comparable(right);
}
