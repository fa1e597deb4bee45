import { parseDurationSeconds } from "../../../../shared/duration.ts";
import type { ClientChanges } from "../../../admin/client_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { FormParameters } from "../../../http/form.ts";
import { DEVICE_FLOW_RULES, type ScopeDescription } from "../../../scopes.ts";
import { CLIENT_GRANTS, type ClientPolicy } from "../../../store/clients.ts";

export const LIFETIME_FIELDS = [
  "accessTokenLifetime",
  "refreshTokenIdleLifetime",
  "refreshTokenAbsoluteLifetime",
] as const;

export type LifetimeField = typeof LIFETIME_FIELDS[number];

/** What the fields of the form say about a client. */
export function readPolicy(
  form: FormParameters,
  catalog: readonly ScopeDescription[],
): ClientPolicy | DomainError {
  const redirectUris = (form("redirectUris") ?? "").split(/\s+/).filter((uri) => uri !== "");
  const deviceFlow = DEVICE_FLOW_RULES.filter((rule) => form(`deviceFlow:${rule}`));
  const policy: ClientPolicy = {
    name: form("name") ?? "",
    homepage: form("homepage") || undefined,
    grants: CLIENT_GRANTS.filter((grant) => form(`grant:${grant}`)),
    redirectUris: redirectUris.length === 0 ? undefined : redirectUris,
    consent: form("consent") === "remember" ? "remember" : undefined,
    deviceFlow: deviceFlow.length === 0 ? undefined : deviceFlow,
    scopes: form("scope_limit") === "selected"
      ? catalog.map(({ name }) => name).filter((name) => form(`scope:${name}`))
      : undefined,
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
