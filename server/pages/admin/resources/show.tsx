import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { formatDuration } from "../../../../shared/duration.ts";
import { describeAudience, describeFactor } from "../../../access/describe_audience.ts";
import type { ResourceScopeView } from "../../../admin/resource_view.ts";
import type { ResourceClaim } from "../../../resources/resource.ts";
import { countResourceBelongings } from "../../../store/resource_belongings.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ManagedByFile } from "../../ui/managed_by_file.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { accessPath } from "../groups/paths.ts";
import { CLAIM_LABELS, READ_ONLY, Source } from "./facts.tsx";
import { findResource } from "./find_resource.tsx";
import { resourcePath, RESOURCES_CRUMB } from "./paths.ts";

/** GET /admin/resources/show?resource=… */
export async function showResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const resource = await findResource(deps, c, c.get("query")("resource"));
  if (resource instanceof Response) return resource;
  const { name, title, source, scopes, accessTokenLifetime, signingAlgorithm, createdAt } =
    resource;
  const { managedBy } = resource;
  const now = deps.clock.now();
  const { logins, tokens, clients } = await countResourceBelongings(
    deps.sql,
    resource,
    new Date(now),
  );
  return await renderPage(deps, c, {
    name: "resource",
    title: title ?? name,
    breadcrumbs: [RESOURCES_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={<UntrustedText text={title ?? name} max={100} />}
          lead={<code>{resource.identifier}</code>}
          actions={source === "database" && managedBy === null && (
            <>
              <a class="button" href={resourcePath("edit", name)}>Edit</a>
              <a class="button caution" href={resourcePath("remove", name)}>Remove</a>
            </>
          )}
        />
        <ManagedByFile file={managedBy} />
        {source !== "database" && <p class="muted" id="read-only">{READ_ONLY[source]}</p>}
        <dl>
          <Fact name="Name">
            <code>{name}</code>
          </Fact>
          <Fact name="Source">
            <Source source={source} />
          </Fact>
          <Fact name="Scopes" id="scopes">
            {scopes.length === 0 ? "None" : (
              <ul class="scopes">
                {scopes.map((scope) => <ScopeItem key={scope.name} scope={scope} />)}
              </ul>
            )}
          </Fact>
          <Fact name="Access tokens">
            {accessTokenLifetime === null
              ? "Valid as long as configured for the server"
              : `Valid for ${formatDuration(accessTokenLifetime)}`}
            {signingAlgorithm !== null && `, signed with ${signingAlgorithm}`}
          </Fact>
          <Fact name="Extra claims">
            {resource.claims.map((claim) => CLAIM_LABELS[claim as ResourceClaim]).join(", ") ||
              "None"}
          </Fact>
          {source === "database" && (
            <>
              <Fact name="Active logins">{formatBoundedCount(logins)}</Fact>
              <Fact name="Active tokens">{formatBoundedCount(tokens)}</Fact>
              <Fact name="Clients limited to it">{clients}</Fact>
            </>
          )}
          {createdAt !== null && (
            <Fact name="Added">
              <TimeAgo at={new Date(createdAt)} now={now} dated />
            </Fact>
          )}
        </dl>
      </main>
    ),
  });
}

function ScopeItem({ scope }: { scope: ResourceScopeView }) {
  const { name, description, tokens, clients, factor } = scope;
  const limits = [
    ...describeAudience(scope),
    ...tokens ? [] : ["not in personal access tokens"],
    ...factor === null ? [] : [describeFactor(factor)],
    ...clients === null ? [] : [`only for ${clients.join(", ")}`],
  ];
  return (
    <li>
      <UntrustedText text={description} max={250} />{" "}
      <a href={accessPath({ scope: name })} aria-label={`Who can have ${name}`}>
        <code class="small">{name}</code>
      </a>
      {limits.length > 0 && <span class="muted small">{` (${limits.join(", ")})`}</span>}
    </li>
  );
}
