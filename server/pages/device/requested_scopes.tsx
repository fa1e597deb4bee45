import { covers, isManagementScope, withIncludedScopes } from "../../../shared/management.ts";
import { formatDuration } from "../../../shared/duration.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { limitLoginScope, type ScopedClient, type ScopeDescription } from "../../scopes.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { User } from "../../store/users.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/**
 * Describes the scopes of a request, including those that a management scope implies. Scopes that
 * the user does not have are marked; they are not approved.
 */
export function RequestedScopes(
  { request, client, catalog, user, isManagement, isRestricted = false, lifetime }: {
    request: Pick<DeviceAuthorization, "scope">;
    client: ScopedClient;
    catalog: readonly ScopeDescription[];
    user: User;
    isManagement: boolean;
    /** Whether the user cannot approve it. */
    isRestricted?: boolean;
    /** Of a further permission for a login, in seconds. */
    lifetime?: number;
  },
) {
  const requested = withIncludedScopes(parseScope(request.scope) ?? []);
  const held = parseScope(limitLoginScope(catalog, user, client, request.scope)) ?? [];
  const list = (scopes: readonly string[]) => (
    <ul class="scopes">
      {scopes.map((name) => (
        <li>
          <UntrustedText
            text={catalog.find((scope) => scope.name === name)?.description ?? name}
            max={250}
          />
          {!covers(held, name) && (
            <span class="muted" data-unavailable={name}>
              {` (not available to your account)`}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
  if (!isManagement) {
    return (
      <>
        <h2>
          {isRestricted
            ? "What it asks for"
            : lifetime === undefined
            ? "If you approve, it can"
            : `If you approve, it can do this for ${formatDuration(lifetime)}`}
        </h2>
        {list(requested)}
        {lifetime !== undefined && (
          <p class="muted small">
            After that, it needs your approval again. It ends earlier if you revoke the login.
          </p>
        )}
      </>
    );
  }
  const permissions = requested.filter((name) => !isManagementScope(name));
  return (
    <>
      <h2>
        {isRestricted ? "What it asks for" : "If you approve, it can do this for a few minutes"}
      </h2>
      {list(requested.filter(isManagementScope))}
      {permissions.length > 0 && (
        <>
          <h2>Permissions that the tokens can have</h2>
          {list(permissions)}
        </>
      )}
    </>
  );
}
