import { formatDuration } from "../../../../shared/duration.ts";
import { removeResource } from "../../../admin/resource_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import {
  countResourceBelongings,
  type ResourceBelongings,
} from "../../../store/resource_belongings.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findChangeableResource } from "./find_resource.tsx";
import { resourceCrumbs, resourcePath, RESOURCES_PATH } from "./paths.ts";

/** GET /admin/resources/remove?resource=… */
export async function showRemoveResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const resource = await findChangeableResource(deps, c, c.get("query")("resource"));
  if (resource instanceof Response) return resource;
  const { name, title, identifier } = resource;
  const belongings = await countResourceBelongings(
    deps.sql,
    resource,
    new Date(deps.clock.now()),
  );
  const lifetime = resource.accessTokenLifetime ?? deps.config.accessTokenLifetime;
  return await confirmationPage(deps, c, {
    name: "remove_resource",
    title: "Remove this resource?",
    breadcrumbs: resourceCrumbs(name),
    fields: { resource: name },
    confirm: "Remove resource",
    cancelPath: resourcePath("show", name),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={title ?? name} max={100} />
          </strong>{" "}
          (<code>{identifier}</code>)
        </p>
        <RemovalEffects belongings={belongings} lifetime={lifetime} />
        <p>
          This cannot be undone: if you add the resource again, users have to approve it again.
        </p>
      </>
    ),
  });
}

function RemovalEffects(
  { belongings: { logins, tokens, clients }, lifetime }: {
    belongings: ResourceBelongings;
    lifetime: number;
  },
) {
  return (
    <ul>
      <li>
        Its access tokens are rejected within a second where they are introspected or checked at
        {" "}
        <code>/auth/verify</code>. APIs that only verify their signature accept them until they
        expire, at most {formatDuration(lifetime)}.
      </li>
      {logins > 0 && (
        <li>
          {formatCount(logins, "login")} can no longer get tokens for it.{" "}
          {logins === 1 ? "It keeps" : "They keep"}{" "}
          the other resources; a login that is for this one only is revoked.
        </li>
      )}
      {tokens > 0 && (
        <li>
          {formatCount(tokens, "personal access token")} for it {tokens === 1 ? "is" : "are"}{" "}
          revoked.
        </li>
      )}
      {clients > 0 && (
        <li>
          {formatCount(clients, "client")} {clients === 1 ? "is" : "are"}{" "}
          limited to it and can no longer use it or introspect its tokens.
        </li>
      )}
    </ul>
  );
}

/** POST /admin/resources/remove */
export async function submitRemoveResource(deps: PageDeps, c: PageContext): Promise<Response> {
  const resource = await findChangeableResource(deps, c, c.get("form")("resource"));
  if (resource instanceof Response) return resource;
  const { name, title } = resource;
  const removed = await removeResource(administrator(deps, c), { name });
  if (removed instanceof DomainError) return await errorPage(deps, c, toPageError(removed));
  await deps.tokenValidator.reloadCatalog();
  setNotice(deps, c, {
    code: "resource_removed",
    text: `Removed ${title ?? name}. Its tokens are rejected.`,
  });
  return c.redirect(RESOURCES_PATH, 303);
}
