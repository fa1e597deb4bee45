import type * as z from "zod/mini";
import type { ClientChanges } from "../../admin/client_operations.ts";
import { defaultGrants } from "../../admin/client_policy.ts";
import type { ClientPolicy } from "../../store/clients.ts";
import type { clientChanges, newClient } from "./schemas.ts";

/** The policy of a new client. */
export function toPolicy(body: z.output<typeof newClient>): ClientPolicy {
  return {
    name: body.name,
    homepage: body.homepage ?? undefined,
    grants: body.grants ?? defaultGrants({ isPublic: body.type === "public" }),
    redirectUris: body.redirect_uris,
    consent: body.consent,
    scopes: body.scopes ?? undefined,
    resources: body.resources ?? undefined,
    deviceFlow: body.device_flow?.length === 0 ? undefined : body.device_flow,
    accessTokenLifetime: body.access_token_lifetime ?? undefined,
    refreshTokenIdleLifetime: body.refresh_token_idle_lifetime ?? undefined,
    refreshTokenAbsoluteLifetime: body.refresh_token_absolute_lifetime ?? undefined,
  };
}

/** The members of a body under the names of a policy; undefined: not sent. */
export function toChanges(body: z.output<typeof clientChanges>): ClientChanges {
  return {
    name: body.name,
    homepage: body.homepage,
    grants: body.grants,
    redirectUris: body.redirect_uris,
    consent: body.consent,
    scopes: body.scopes,
    resources: body.resources,
    // An empty list has the meaning of none, as in the other interfaces.
    deviceFlow: body.device_flow?.length === 0 ? null : body.device_flow,
    accessTokenLifetime: body.access_token_lifetime,
    refreshTokenIdleLifetime: body.refresh_token_idle_lifetime,
    refreshTokenAbsoluteLifetime: body.refresh_token_absolute_lifetime,
  };
}
