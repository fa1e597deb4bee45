import { showResource } from "../../../admin/resource_operations.ts";
import type { ResourceView } from "../../../admin/resource_view.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { administrator } from "../administrator.ts";
import { READ_ONLY } from "./facts.tsx";
import { resourcePath, RESOURCES_PATH } from "./paths.ts";

/** The resource with this name, or the error page. */
export async function findResource(
  deps: PageDeps,
  c: PageContext,
  name = "",
): Promise<ResourceView | Response> {
  const resource = await showResource(administrator(deps, c), { name });
  if (!(resource instanceof DomainError)) return resource;
  return await errorPage(deps, c, {
    code: "not_found",
    id: "resource_not_found",
    title: "Resource not found",
    children: (
      <p>
        There is no such resource; it may have been removed.{" "}
        <a href={RESOURCES_PATH}>View all resources</a>
      </p>
    ),
  });
}

/** The same, for a page that changes it: those of the config file are changed there. */
export async function findChangeableResource(
  deps: PageDeps,
  c: PageContext,
  name: string | undefined,
): Promise<ResourceView | Response> {
  const resource = await findResource(deps, c, name);
  if (resource instanceof Response || resource.source === "database") return resource;
  setNotice(deps, c, {
    code: "resource_read_only",
    text: READ_ONLY[resource.source],
    problem: true,
  });
  return c.redirect(resourcePath("show", resource.name), 303);
}
