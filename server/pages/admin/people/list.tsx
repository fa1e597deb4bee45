import { type ListedUser, listMatchingUsers } from "../../../admin/list_users.ts";
import { brand } from "../../../../shared/brand.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { PageNumbers } from "../../ui/page_numbers.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { MAX_SEARCH, PAGE_LENGTH, peopleUrl, type PeopleView, readPeopleView } from "./view.ts";
import { PersonState } from "./person_state.tsx";

const FILTERS: [label: string, show: PeopleView["show"]][] = [
  ["All", undefined],
  ["Administrators", "administrators"],
  ["Disabled", "disabled"],
];

/** The list of users. */
export async function showPeople(deps: PageDeps, c: PageContext): Promise<Response> {
  const view = readPeopleView(c);
  const { search, show, page } = view;
  const { users, total } = await listMatchingUsers(deps, {
    search,
    isAdmin: show === "administrators" ? true : undefined,
    state: show === "disabled" ? "disabled" : undefined,
    limit: PAGE_LENGTH,
    offset: (page - 1) * PAGE_LENGTH,
  });
  // Users were deleted, or someone typed the number.
  if (users.length === 0 && page > 1) return c.redirect(peopleUrl({ ...view, page: 1 }), 303);
  return await renderPage(deps, c, {
    name: "people",
    title: "People",
    children: (
      <main class="wide">
        <PageHeading
          title="People"
          lead="Users of this server. Each can sign in, approve logins and create tokens."
        />
        <div class="toolbar">
          <nav class="filters" aria-label="Filter">
            {FILTERS.map(([label, filter]) => (
              <a
                href={peopleUrl({ search, show: filter, page: 1 })}
                aria-current={show === filter ? "true" : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
          <SearchForm
            action="/admin/people"
            label="Name or e-mail address"
            maxLength={MAX_SEARCH}
            value={search}
            kept={{ show }}
          />
        </div>
        {users.length === 0
          ? (
            <EmptyState
              id="no-people"
              title={search === undefined
                ? "No users in this list."
                : "No users match your search."}
            />
          )
          : <People users={users} now={deps.clock.now()} />}
        <PageNumbers
          page={page}
          length={PAGE_LENGTH}
          total={total}
          url={(page) => peopleUrl({ ...view, page })}
        />
        <p class="hint">
          To invite someone, run this on the server:{" "}
          <code>{`${brand.binaryName} admin user add ADDRESS --invite`}</code>
        </p>
      </main>
    ),
  });
}

function People({ users, now }: { users: readonly ListedUser[]; now: number }) {
  return (
    <DataTable
      caption="People"
      rows={users}
      attributes={({ id }) => ({ "data-person": id })}
      columns={[
        {
          label: "Person",
          cell: ({ id, name, email }) => (
            <>
              <a href={`/admin/people/${id}`}>
                <strong>
                  <UntrustedText text={name || email} />
                </strong>
              </a>
              <p class="muted small">
                <UntrustedText text={email} max={254} />
              </p>
            </>
          ),
        },
        { label: "State", cell: (user) => <PersonState user={user} /> },
        {
          label: "Last sign-in",
          cell: ({ lastSignedInAt }) =>
            lastSignedInAt === null ? "Never" : <TimeAgo at={new Date(lastSignedInAt)} now={now} />,
        },
        {
          label: "Added",
          cell: ({ createdAt }) => <TimeAgo at={new Date(createdAt)} now={now} />,
        },
      ]}
    />
  );
}
