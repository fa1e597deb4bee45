import type * as z from "zod/mini";
import type { ScopeDescription } from "../../scopes.ts";
import type { newResource } from "./schemas.ts";

type NewScopes = NonNullable<z.output<typeof newResource>["scopes"]>;

export function toScopes(scopes: NewScopes): ScopeDescription[] {
  return scopes.map((
    { name, description, roles, groups, clients, tokens, device_flow, factor },
  ) => ({
    name,
    description,
    ...roles && { roles },
    ...groups && { groups },
    ...clients && { clients },
    // As without it, for the same row as from the other interfaces.
    ...tokens === false && { tokens },
    ...device_flow !== undefined && device_flow.length > 0 && { deviceFlow: device_flow },
    ...factor && { factor },
  }));
}
