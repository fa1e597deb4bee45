import { ResourceName } from "../ui/resource_name.tsx";
import { covers, isManagementScope, withIncludedScopes } from "../../../shared/management.ts";
import { formatDuration } from "../../../shared/duration.ts";
import type { Child } from "hono/jsx";
import { STANDARD_SCOPE_NAMES } from "../../config/builtin_scopes.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { Resource } from "../../resources/resource.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { limitLoginScope, type ScopedClient, type ScopeDescription } from "../../scopes.ts";
import type { DeviceAuthorization } from "../../store/device_authorizations.ts";
import type { User } from "../../store/users.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** What there is to request. */
interface RequestedCatalog {
  scopes: readonly ScopeDescription[];
  /** Those of the request or, for managing tokens, all that tokens can be for. */
  resources: readonly Resource[];
}

/** The part of the catalog that a request is about. */
export function requestedCatalog(
  catalog: Pick<ResourceCatalog, "approved" | "resources" | "scopes">,
  { resources }: Pick<DeviceAuthorization, "resources">,
  isManagement: boolean,
): RequestedCatalog {
  return {
    scopes: catalog.scopes(),
    resources: isManagement ? catalog.resources() : catalog.approved(resources),
  };
}

/**
 * Describes the scopes of a request, including those that a management scope implies. Scopes that
 * the user does not have are marked; they are not approved.
 */
export function RequestedScopes(
  {
    request,
    client,
    catalog: { scopes: catalog, resources },
    user,
    isManagement,
    isRestricted,
    lifetime,
  }: {
    request: Pick<DeviceAuthorization, "scope">;
    client: ScopedClient;
    catalog: RequestedCatalog;
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
  const ownerOf = (name: string) => catalog.find((scope) => scope.name === name)?.resource;
  const ofResource = ({ kind, name: resource }: Resource) =>
    requested.filter((name) =>
      kind === "default"
        ? ownerOf(name) === undefined && !isOfEveryLogin(name)
        : ownerOf(name) === resource
    );
  const registered = resources.filter((resource) =>
    resource.kind === "registered" && (!isManagement || ofResource(resource).length > 0)
  );
  if (!isManagement) {
    const heading = isRestricted
      ? "What it asks for"
      : lifetime === undefined
      ? "If you approve, it can"
      : `If you approve, it can do this for ${formatDuration(lifetime)}`;
    const limit = lifetime !== undefined && (
      <p class="muted small">
        After that, it needs your approval again. It ends earlier if you revoke the login.
      </p>
    );
    if (registered.length === 0) {
      return (
        <>
          <h2>{heading}</h2>
          {list(requested)}
          {limit}
        </>
      );
    }
    const general = requested.filter(isOfEveryLogin);
    return (
      <>
        <h2>{heading}</h2>
        {general.length > 0 && list(general)}
        {resources.map((resource) => (
          <ResourceScopes resource={resource}>
            {ofResource(resource).length > 0
              ? list(ofResource(resource))
              : <p>Act as you, without further permissions.</p>}
          </ResourceScopes>
        ))}
        {limit}
      </>
    );
  }
  const permissions = requested.filter((name) =>
    !isManagementScope(name) && ownerOf(name) === undefined
  );
  return (
    <>
      <h2>
        {isRestricted ? "What it asks for" : "If you approve, it can do this for a few minutes"}
      </h2>
      {list(requested.filter(isManagementScope))}
      {permissions.length + registered.length > 0 && <h2>Permissions that the tokens can have</h2>}
      {permissions.length > 0 && list(permissions)}
      {registered.map((resource) => (
        <ResourceScopes resource={resource}>{list(ofResource(resource))}</ResourceScopes>
      ))}
    </>
  );
}

/** Neither an API's own nor one of the management interface. */
function isOfEveryLogin(name: string): boolean {
  return STANDARD_SCOPE_NAMES.includes(name) || isManagementScope(name);
}

/** What a request asks for at one API. */
function ResourceScopes(
  { resource, children }: { resource: Resource; children: Child },
) {
  return (
    <section data-resource={resource.name}>
      <h3>
        <ResourceName resource={resource} />
      </h3>
      {children}
    </section>
  );
}
