import { listAllResources } from "../../../admin/resource_operations.ts";
import type { ResourceView } from "../../../admin/resource_view.ts";
import type { PageContext } from "../../context.ts";
import { listUrl, readSearch } from "../../http/list_query.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { columnSort, formatSort, type ListSort, readSort } from "../../ui/sort.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { Source } from "./facts.tsx";
import { resourcePath, RESOURCES_PATH } from "./paths.ts";

const MAX_SEARCH = 100;
const SORTS = ["name", "identifier"] as const;

/** The list of resources. */
export async function showResources(deps: PageDeps, c: PageContext): Promise<Response> {
  const search = readSearch(c, MAX_SEARCH) ?? "";
  const sort = readSort(c, SORTS);
  const resources = sortedBy(
    (await listAllResources(administrator(deps, c), {}))
      .filter((resource) => isMatch(resource, search.toLowerCase())),
    sort,
  );
  const sorted = (by: ListSort<typeof SORTS[number]>["by"]) =>
    columnSort(
      by,
      sort,
      (sort) => listUrl(RESOURCES_PATH, { search: search || undefined, sort: formatSort(sort) }),
    );
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
          kept={{ sort: formatSort(sort) }}
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
                  sort: sorted("name"),
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
                {
                  label: "Identifier",
                  sort: sorted("identifier"),
                  cell: ({ identifier }) => <code>{identifier}</code>,
                },
                { label: "Scopes", cell: ({ scopes }) => scopes.length },
                { label: "Source", cell: ({ source }) => <Source source={source} /> },
              ]}
            />
          )}
      </main>
    ),
  });
}

/** A server has few: they are all in memory. */
function sortedBy(
  resources: readonly ResourceView[],
  sort: ListSort<typeof SORTS[number]> | undefined,
): readonly ResourceView[] {
  if (sort === undefined) return resources;
  const key = ({ name, title, identifier }: ResourceView) =>
    (sort.by === "name" ? title ?? name : identifier).toLowerCase();
  const direction = sort.descending ? -1 : 1;
  return [...resources].sort((a, b) =>
    direction * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)
  );
}

function isMatch({ name, title, identifier }: ResourceView, search: string): boolean {
  return [name, title ?? "", identifier].some((text) => text.toLowerCase().includes(search));
}
