import { listAllResources } from "../../../admin/resource_operations.ts";
import type { ResourceView } from "../../../admin/resource_view.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "./administrator.ts";
import { Source } from "./facts.tsx";
import { resourcePath, RESOURCES_PATH } from "./paths.ts";

const MAX_SEARCH = 100;

/** The list of resources. */
export async function showResources(deps: PageDeps, c: PageContext): Promise<Response> {
  const search = (c.req.query("search") ?? "").trim().slice(0, MAX_SEARCH);
  const resources = (await listAllResources(administrator(deps, c), {}))
    .filter((resource) => isMatch(resource, search.toLowerCase()));
  return await renderPage(deps, c, {
    name: "resources",
    title: "Resources",
    children: (
      <main class="wide">
        <PageHeading
          title="Resources"
          lead="APIs that tokens are issued for. A token for one is rejected by all others."
          actions={<a class="button primary" href={`${RESOURCES_PATH}/add`}>Add resource</a>}
        />
        <SearchForm
          action={RESOURCES_PATH}
          label="Name, title or identifier"
          maxLength={MAX_SEARCH}
          value={search}
          kept={{}}
        />
        {resources.length === 0
          ? <EmptyState id="no-resources" title="No resources match your search." />
          : (
            <DataTable
              caption="Resources"
              rows={resources}
              attributes={({ name }) => ({ "data-resource": name })}
              columns={[
                {
                  label: "Resource",
                  cell: ({ name, title }) => (
                    <>
                      <a href={resourcePath("show", name)}>
                        <strong>
                          <UntrustedText text={title ?? name} max={100} />
                        </strong>
                      </a>
                      {title !== null && (
                        <p class="muted small">
                          <code>{name}</code>
                        </p>
                      )}
                    </>
                  ),
                },
                { label: "Identifier", cell: ({ identifier }) => <code>{identifier}</code> },
                { label: "Scopes", cell: ({ scopes }) => scopes.length },
                { label: "Source", cell: ({ source }) => <Source source={source} /> },
              ]}
            />
          )}
      </main>
    ),
  });
}

function isMatch({ name, title, identifier }: ResourceView, search: string): boolean {
  return [name, title ?? "", identifier].some((text) => text.toLowerCase().includes(search));
}
