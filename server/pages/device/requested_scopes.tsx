import { covers, isManagementScope, withIncludedScopes } from "../../../shared/management.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { limitLoginScope, type ScopeDescription } from "../../scopes.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { User } from "../../store/users.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/**
 * What is approved, in the catalogue's words. All of it is listed, also what a management
 * scope includes, and what this person does not have, which is marked and not approved.
 */
export function RequestedScopes(
  { request, catalogue, user, managing }: {
    request: DeviceAuthorization;
    catalogue: readonly ScopeDescription[];
    user: User;
    managing: boolean;
  },
) {
  const requested = withIncludedScopes(parseScope(request.scope) ?? []);
  const held = parseScope(limitLoginScope(catalogue, user, request.clientId, request.scope)) ?? [];
  const list = (scopes: readonly string[]) => (
    <ul class="scopes">
      {scopes.map((name) => (
        <li>
          <UntrustedText
            text={catalogue.find((scope) => scope.name === name)?.description ?? name}
            max={250}
          />
          {!covers(held, name) && <span class="quiet">(not available to your account)</span>}
        </li>
      ))}
    </ul>
  );
  if (!managing) {
    return (
      <>
        <h2>If you approve, it can</h2>
        {list(requested)}
      </>
    );
  }
  const permissions = requested.filter((name) => !isManagementScope(name));
  return (
    <>
      <h2>If you approve, for a few minutes it can</h2>
      {list(requested.filter(isManagementScope))}
      {permissions.length > 0 && (
        <>
          <h2>The permissions that such a token can have</h2>
          {list(permissions)}
        </>
      )}
    </>
  );
}
