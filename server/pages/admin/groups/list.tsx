import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { listAllGroups } from "../../../admin/group_operations.ts";
import type { GroupView } from "../../../admin/group_view.ts";
import type { PageContext } from "../../context.ts";
import { listUrl, pageParameter, readPageNumber, readSearch } from "../../http/list_query.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { PageNumbers } from "../../ui/page_numbers.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { columnSort, formatSort, type ListSort, readSort } from "../../ui/sort.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { From, Origin } from "./facts.tsx";
import { ACCESS_PATH, groupPath, GROUPS_PATH } from "./paths.ts";

const MAX_SEARCH = 100;
const PAGE_LENGTH = 50;
const SORTS = ["name", "members"] as const;
type GroupSort = ListSort<typeof SORTS[number] | "default">;

/** GET /admin/groups */
export async function showGroups(deps: PageDeps, c: PageContext): Promise<Response> {
  const search = readSearch(c, MAX_SEARCH);
  const sort = readSort(c, SORTS);
  const page = readPageNumber(c);
  const url = (change: { sort?: GroupSort; page: number }) =>
    listUrl(GROUPS_PATH, {
      search,
      sort: formatSort(change.sort),
      page: pageParameter(change.page),
    });
  const groups = (await listAllGroups(administrator(deps, c), {}))
    .filter((group) => isMatch(group, search ?? ""));
  if (sort !== undefined) groups.sort(comparison(sort));
  const rows = groups.slice((page - 1) * PAGE_LENGTH, page * PAGE_LENGTH);
  if (rows.length === 0 && page > 1) return c.redirect(url({ sort, page: 1 }), 303);
  const sorted = (by: typeof SORTS[number], latestFirst = false) =>
    columnSort<GroupSort["by"]>(
      by,
      // The roles first, then the others by name.
      sort ?? { by: "default", descending: false },
      (changed) => url({ sort: changed, page: 1 }),
      { latestFirst },
    );
  return await renderPage(deps, c, {
    name: "groups",
    title: "Groups",
    children: (
      <main class="wide">
        <PageHeading
          title="Groups"
          lead="They decide who may have a scope. Members are added here, or come from directories."
          actions={
            <>
              <a class="button primary" href={`${GROUPS_PATH}/add`}>Add group</a>
              <a class="button" href={ACCESS_PATH}>Check access</a>
            </>
          }
        />
        <SearchForm
          action={GROUPS_PATH}
          label="Name or description"
          maxLength={MAX_SEARCH}
          value={search}
          kept={{ sort: formatSort(sort) }}
        />
        {rows.length === 0
          ? (
            <EmptyState id="no-groups" title="No groups match your search.">
              <p>
                <a href={GROUPS_PATH}>Show all groups</a>
              </p>
            </EmptyState>
          )
          : (
            <DataTable
              caption="Groups"
              rows={rows}
              attributes={({ name }) => ({ "data-group": name })}
              columns={[
                { label: "Group", sort: sorted("name"), cell: (group) => <Name group={group} /> },
                {
                  label: "Members",
                  sort: sorted("members", true),
                  cell: ({ members }) => formatBoundedCount(members),
                },
                { label: "Scopes", cell: ({ scopes }) => <Scopes names={scopes} /> },
                { label: "From", cell: (group) => <From {...group} /> },
                { label: "Source", cell: ({ origin }) => <Origin origin={origin} /> },
              ]}
            />
          )}
        <PageNumbers
          page={page}
          length={PAGE_LENGTH}
          total={groups.length}
          url={(page) => url({ sort, page })}
        />
      </main>
    ),
  });
}

function Name({ group: { name, description } }: { group: GroupView }) {
  return (
    <>
      <a href={groupPath("show", name)}>
        <strong>{name}</strong>
      </a>
      {description !== null && (
        <p class="muted small">
          <UntrustedText text={description} max={250} />
        </p>
      )}
    </>
  );
}

/** As many as fit in a row. */
const MAX_SCOPES = 3;

function Scopes({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <span class="muted">None</span>;
  return (
    <>
      {names.slice(0, MAX_SCOPES).map((name, index) => (
        <>
          {index > 0 && " "}
          <code>{name}</code>
        </>
      ))}
      {names.length > MAX_SCOPES && (
        <span class="muted">{` and ${names.length - MAX_SCOPES} more`}</span>
      )}
    </>
  );
}

function isMatch({ name, description }: GroupView, search: string): boolean {
  const part = search.toLowerCase();
  return [name, description ?? ""].some((text) => text.toLowerCase().includes(part));
}

function comparison({ by, descending }: GroupSort) {
  const sign = descending ? -1 : 1;
  return (left: GroupView, right: GroupView) =>
    sign *
    (by === "name"
      ? (left.name.toLowerCase() < right.name.toLowerCase() ? -1 : 1)
      : left.members - right.members);
}
