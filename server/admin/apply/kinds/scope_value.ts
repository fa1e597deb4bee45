import type { Value } from "../../../apply/field.ts";
import type { ScopeDescription } from "../../../scopes.ts";

/** A scope without its name, and without what is as if it were absent. */
export function scopeValue(scope: Omit<ScopeDescription, "name">): { [key: string]: Value } {
  const { description, roles, groups, clients, tokens, deviceFlow, factor } = scope;
  return {
    description,
    ...roles && { roles: [...roles] },
    ...groups && { groups: [...groups] },
    ...clients && { clients: [...clients] },
    ...tokens === false && { tokens },
    ...deviceFlow && deviceFlow.length > 0 && { deviceFlow: [...deviceFlow] },
    ...factor && { factor },
  };
}

/** A table of scopes as operations take them. */
export function toScopes(table: Value): ScopeDescription[] {
  return Object.entries(table as Record<string, Value>).map(([name, scope]) => ({
    name,
    ...scope as unknown as Omit<ScopeDescription, "name">,
  }));
}
