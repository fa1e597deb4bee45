import { type ListedUser, listMatchingUsers } from "../../../admin/list_users.ts";
import { listGroups } from "../../../store/groups.ts";
import type { USER_SORTS } from "../../../store/users.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { PageNumbers } from "../../ui/page_numbers.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { columnSort, formatSort } from "../../ui/sort.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { OWNERS_PATH } from "../owners/paths.ts";
import { PEOPLE_PATH, personPath } from "./paths.ts";
import { PersonState } from "./person_state.tsx";
import {
  MAX_SEARCH,
  PAGE_LENGTH,
  peopleFilter,
  peopleUrl,
  type PeopleView,
  readPeopleView,
} from "./view.ts";

/** The list of users. */
export async function showPeople(deps: PageDeps, c: PageContext): Promise<Response> {
  const view = readPeopleView(c);
  const { search, state, role, group, sort, page } = view;
  const { users, total } = await listMatchingUsers(deps, {
    ...peopleFilter(view),
    sort,
    limit: PAGE_LENGTH,
    offset: (page - 1) * PAGE_LENGTH,
  });
  // Users were deleted, or someone typed the number.
  if (users.length === 0 && page > 1) return c.redirect(peopleUrl({ ...view, page: 1 }), 303);
  const groups = (await listGroups(deps.sql)).map(({ name }) => name);
  const isFiltered = [search, state, role, group].some((value) => value !== undefined);
  return await renderPage(deps, c, {
    name: "people",
    title: "People",
    children: (
      <main class="wide">
        <PageHeading
          title="People"
          lead="Users of this server. Each can sign in, approve logins and create tokens."
          actions={
            <>
              <a class="button" href={OWNERS_PATH}>Owners</a>
              <a class="button primary" href={`${PEOPLE_PATH}/invite`}>Invite person</a>
            </>
          }
        />
        <SearchForm
          action={PEOPLE_PATH}
          label="Name or e-mail address"
          maxLength={MAX_SEARCH}
          value={search}
          filters={[
            {
              id: "state",
              label: "State",
              value: state,
              all: "Any state",
              options: [["enabled", "Active"], ["invited", "Invited"], ["disabled", "Disabled"]],
            },
            {
              id: "role",
              label: "Role",
              value: role,
              all: "Any role",
              options: [["administrator", "Administrators"], ["user", "Others"]],
            },
            {
              id: "group",
              label: "Group",
              value: group,
              all: "Any group",
              options: [...new Set([...groups, ...group === undefined ? [] : [group]])]
                .map((name) => [name, name] as const),
            },
          ]}
          kept={{ sort: formatSort(sort) }}
        />
        {users.length === 0
          ? (
            <EmptyState
              id="no-people"
              title={search === undefined
                ? "No users in this list."
                : "No users match your search."}
            >
              {isFiltered && (
                <p>
                  <a href={peopleUrl({ sort, page: 1 })}>Show all users</a>
                </p>
              )}
            </EmptyState>
          )
          : <People users={users} view={view} now={deps.clock.now()} />}
        <PageNumbers
          page={page}
          length={PAGE_LENGTH}
          total={total}
          url={(page) => peopleUrl({ ...view, page })}
        />
      </main>
    ),
  });
}

function People(
  { users, view, now }: { users: readonly ListedUser[]; view: PeopleView; now: number },
) {
  const sorted = (by: typeof USER_SORTS[number], latestFirst = false) =>
    columnSort(
      by,
      view.sort ?? { by: "created", descending: false },
      (sort) => peopleUrl({ ...view, sort, page: 1 }),
      { latestFirst },
    );
  return (
    <DataTable
      caption="People"
      rows={users}
      attributes={({ id }) => ({ "data-person": id })}
      columns={[
        {
          label: "Name",
          sort: sorted("name"),
          cell: ({ id, name, email }) => (
            <a href={personPath(id)}>
              <strong>
                <UntrustedText text={name || email} />
              </strong>
            </a>
          ),
        },
        {
          label: "E-mail address",
          sort: sorted("email"),
          cell: ({ email }) => <UntrustedText text={email} max={254} />,
        },
        { label: "State", cell: (user) => <PersonState user={user} /> },
        {
          label: "Last sign-in",
          sort: sorted("last_sign_in", true),
          cell: ({ lastSignedInAt }) =>
            lastSignedInAt === null ? "Never" : <TimeAgo at={new Date(lastSignedInAt)} now={now} />,
        },
        {
          label: "Added",
          sort: sorted("created", true),
          cell: ({ createdAt }) => <TimeAgo at={new Date(createdAt)} now={now} />,
        },
      ]}
    />
  );
}
