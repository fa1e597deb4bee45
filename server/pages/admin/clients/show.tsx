import { LOOPBACK_REDIRECT } from "../../../../shared/oauth/redirect_uri.ts";
import { clientView } from "../../../admin/client_operations.ts";
import { clientScopes } from "../../../scopes.ts";
import { countClientBelongings } from "../../../store/client_belongings.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { ManagedByFile } from "../../ui/managed_by_file.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo, TimeUntil } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import {
  CLIENT_GRANT_LABELS,
  CLIENT_TYPES,
  ClientState,
  CONSENT_LABELS,
  DEVICE_FLOW_LABELS,
  lifetimeText,
} from "./facts.tsx";
import { findClient } from "./find_client.tsx";
import { clientPath, CLIENTS_CRUMB } from "./paths.ts";

/** GET /admin/clients/show?client=… */
export async function showClient(deps: PageDeps, c: PageContext): Promise<Response> {
  const stored = await findClient(deps, c, c.get("query")("client"));
  if (stored instanceof Response) return stored;
  const { config, catalog } = deps;
  const now = deps.clock.now();
  const client = clientView(stored, now);
  const { logins, users, lastUsedAt } = await countClientBelongings(
    deps.sql,
    client.id,
    new Date(now),
  );
  const { disabledAt, createdAt, previousSecretExpiresAt, managedBy } = client;
  return await renderPage(deps, c, {
    name: "client",
    title: client.name,
    breadcrumbs: [CLIENTS_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={<UntrustedText text={client.name} max={100} />}
          lead={<code>{client.id}</code>}
          actions={
            <>
              {managedBy === null && (
                <a class="button" href={clientPath("edit", client.id)}>Edit</a>
              )}
              {client.type === "confidential" && !client.isSecretManaged && (
                <a class="button" href={clientPath("rotate", client.id)}>Rotate secret</a>
              )}
              {managedBy === null && (disabledAt === null
                ? <a class="button caution" href={clientPath("disable", client.id)}>Disable</a>
                : <a class="button" href={clientPath("enable", client.id)}>Enable</a>)}
              {managedBy === null && !client.isBuiltIn && (
                <a class="button caution" href={clientPath("remove", client.id)}>Remove</a>
              )}
            </>
          }
        />
        <ManagedByFile
          file={managedBy}
          besides={client.type === "confidential" && !client.isSecretManaged
            ? "Only its secret is rotated here."
            : undefined}
        />
        <dl>
          <Fact name="State">
            <ClientState client={client} />
          </Fact>
          {disabledAt !== null && (
            <Fact name="Disabled">
              <TimeAgo at={new Date(disabledAt)} now={now} dated />
            </Fact>
          )}
          <Fact name="Type">{CLIENT_TYPES[client.type]}</Fact>
          {client.homepage !== null && (
            <Fact name="Homepage">
              <a href={client.homepage} rel="noreferrer noopener">
                <UntrustedText text={client.homepage} max={500} />
              </a>
            </Fact>
          )}
          <Fact name="May" id="grants">
            {client.grants.length === 0
              ? "Introspect and revoke tokens, and nothing else"
              : (
                <ul class="scopes">
                  {stored.grants.map((grant) => <li key={grant}>{CLIENT_GRANT_LABELS[grant]}</li>)}
                </ul>
              )}
          </Fact>
          {stored.deviceFlow !== undefined && stored.deviceFlow.length > 0 && (
            <Fact name="New device logins" id="device-flow">
              {stored.deviceFlow.map((rule) => <div key={rule}>{DEVICE_FLOW_LABELS[rule]}</div>)}
            </Fact>
          )}
          {client.redirectUris.length > 0 && (
            <Fact name="Browser returns to" id="redirects">
              {client.redirectUris.map((uri) => (
                <div key={uri}>
                  {uri === LOOPBACK_REDIRECT
                    ? "A program on the user’s machine"
                    : <UntrustedText text={uri} max={500} />}
                </div>
              ))}
            </Fact>
          )}
          {client.grants.includes("code") && (
            <Fact name="Asks users">{CONSENT_LABELS[client.consent]}</Fact>
          )}
          <Fact name="Scopes" id="scopes">
            {client.scopes === null
              ? "All scopes of the server that clients may request"
              : client.scopes.length === 0
              ? "None"
              : (
                <ul class="scopes">
                  {client.scopes.map((name) => (
                    <li>
                      <UntrustedText
                        text={clientScopes(catalog.scopes(), { id: client.id })
                          .find((scope) => scope.name === name)?.description ??
                          "No longer a scope of this server"}
                        max={250}
                      />{" "}
                      <code class="muted small">{name}</code>
                    </li>
                  ))}
                </ul>
              )}
          </Fact>
          {client.resources !== null && (
            <Fact name="Resources" id="resources">
              {client.resources.length === 0
                ? "None"
                : client.resources.map((name) => (
                  <div key={name}>
                    <UntrustedText text={catalog.find(name)?.title ?? name} max={100} />{" "}
                    <code class="muted small">
                      {catalog.find(name)?.identifier ?? "no longer a resource of this server"}
                    </code>
                  </div>
                ))}
            </Fact>
          )}
          <Fact name="Access tokens">
            {lifetimeText(client.accessTokenLifetime, config.accessTokenLifetime)}
          </Fact>
          <Fact name="Unused logins expire">
            {`after ${
              lifetimeText(client.refreshTokenIdleLifetime, config.refreshTokenIdleLifetime)
            }`}
          </Fact>
          <Fact name="All logins expire">
            {`after ${
              lifetimeText(client.refreshTokenAbsoluteLifetime, config.refreshTokenAbsoluteLifetime)
            }`}
          </Fact>
          <Fact name="Active logins">
            {logins === 0 ? "None" : `${logins}, of ${formatCount(users, "user")}`}
            {lastUsedAt !== null && (
              <>
                , last used <TimeAgo at={lastUsedAt} now={now} />
              </>
            )}
          </Fact>
          {previousSecretExpiresAt !== null && (
            <Fact name="Previous secret" id="previous-secret">
              Works until it expires{" "}
              <TimeUntil at={new Date(previousSecretExpiresAt)} now={now} dated />
            </Fact>
          )}
          <Fact name="Added">
            {client.isBuiltIn || createdAt === null
              ? "With the server"
              : <TimeAgo at={new Date(createdAt)} now={now} dated />}
          </Fact>
        </dl>
      </main>
    ),
  });
}
