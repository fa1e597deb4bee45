import { formatBoundedCount } from "../../../../shared/bounded_count.ts";
import { describeSource } from "../../../access/describe_source.ts";
import { showGroup as findGroupWithMembers } from "../../../admin/group_operations.ts";
import type { GroupView } from "../../../admin/group_view.ts";
import { DomainError } from "../../../domain_error.ts";
import type { GroupMember } from "../../../store/group_members.ts";
import { LOCAL } from "../../../store/groups.ts";
import type { PageContext } from "../../context.ts";
import { readPageNumber, readSearch } from "../../http/list_query.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { ActionButton } from "../../ui/confirmation.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ManagedByFile } from "../../ui/managed_by_file.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { PageNumbers } from "../../ui/page_numbers.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { personPath } from "../people/paths.ts";
import { administrator } from "../administrator.ts";
import { From, Origin, readOnlyReason } from "./facts.tsx";
import { findGroup } from "./find_group.tsx";
import { accessPath, groupPath, GROUPS_CRUMB, GROUPS_PATH } from "./paths.ts";

const PAGE_LENGTH = 50;
const MAX_SEARCH = 254;

/** GET /admin/groups/show?group=… */
export async function showGroup(deps: PageDeps, c: PageContext): Promise<Response> {
  const group = await findGroup(deps, c, c.get("query")("group"));
  if (group instanceof Response) return group;
  const { name } = group;
  const search = readSearch(c, MAX_SEARCH);
  const page = readPageNumber(c);
  const url = (page: number) =>
    groupPath("show", name, { ...search !== undefined && { search }, page: `${page}` });
  const members = await findGroupWithMembers(administrator(deps, c), {
    name,
    search,
    limit: PAGE_LENGTH,
    offset: (page - 1) * PAGE_LENGTH,
  });
  if (members instanceof DomainError) return c.redirect(GROUPS_PATH, 303);
  const { listedMembers, matching } = members;
  if (listedMembers.length === 0 && page > 1) return c.redirect(url(1), 303);
  return await renderPage(deps, c, {
    name: "group",
    title: name,
    breadcrumbs: [GROUPS_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={name}
          lead={group.description !== null && <UntrustedText text={group.description} max={250} />}
          actions={<GroupActions group={group} />}
        />
        <GroupFacts group={group} now={deps.clock.now()} />
        <h2>Members</h2>
        <SearchForm
          action={`${GROUPS_PATH}/show`}
          label="Name or e-mail address"
          maxLength={MAX_SEARCH}
          value={search}
          kept={{ group: name }}
        />
        {listedMembers.length === 0
          ? (
            <EmptyState
              id="no-members"
              title={search === undefined ? "No members." : "No members match your search."}
            />
          )
          : <Members group={group} members={listedMembers} />}
        <PageNumbers page={page} length={PAGE_LENGTH} total={matching} url={url} />
      </main>
    ),
  });
}

function GroupActions({ group }: { group: GroupView }) {
  const { name, origin, managedBy, areMembersManaged } = group;
  if (name === "user") return null;
  const isReadOnly = readOnlyReason(group) !== undefined || managedBy !== null;
  return (
    <>
      {!areMembersManaged && (
        <a class="button primary" href={groupPath("add-member", name)}>Add member</a>
      )}
      {!isReadOnly && <a class="button" href={groupPath("edit", name)}>Edit</a>}
      {origin === "database" && managedBy === null && (
        <a class="button caution" href={groupPath("remove", name)}>Remove</a>
      )}
    </>
  );
}

function GroupFacts({ group, now }: { group: GroupView; now: number }) {
  const { scopes, members, createdAt, origin } = group;
  const reason = readOnlyReason(group);
  return (
    <>
      <ManagedByFile
        file={group.managedBy}
        besides={group.areMembersManaged
          ? undefined
          : "Only its members are added and removed here."}
      />
      {reason !== undefined && <p class="muted" id="read-only">{reason}</p>}
      <dl>
        <Fact name="Source">
          <Origin origin={origin} />
        </Fact>
        <Fact name="From" id="from">
          <From {...group} />
        </Fact>
        <Fact name="Scopes" id="scopes">
          {scopes.length === 0 ? "No scope names this group" : (
            <ul class="scopes">
              {scopes.map((scope) => (
                <li>
                  <a href={accessPath({ scope })}>
                    <code>{scope}</code>
                  </a>
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name="Number of members">{formatBoundedCount(members)}</Fact>
        {createdAt !== null && (
          <Fact name="Added">
            <TimeAgo at={new Date(createdAt)} now={now} dated />
          </Fact>
        )}
      </dl>
    </>
  );
}

function Members({ group, members }: { group: GroupView; members: readonly GroupMember[] }) {
  const isEveryone = group.name === "user";
  return (
    <DataTable
      caption="Members"
      rows={members}
      attributes={({ id }) => ({ "data-member": id })}
      columns={[
        {
          label: "Member",
          cell: ({ id, name, email, disabled }) => (
            <>
              <a href={personPath(id)}>
                <strong>
                  <UntrustedText text={name || email} max={100} />
                </strong>
              </a>
              {disabled && (
                <>
                  {" "}
                  <Badge tone="bad">Disabled</Badge>
                </>
              )}
            </>
          ),
        },
        {
          label: "E-mail address",
          cell: ({ email }) => <UntrustedText text={email} max={254} />,
        },
        {
          label: "Because",
          cell: ({ sources }) =>
            isEveryone ? "Every user" : sources.map((source, index) => (
              <>
                {index > 0 && ", "}
                {source.source === LOCAL
                  ? "Added here"
                  : <UntrustedText text={describeSource(source)} max={270} />}
              </>
            )),
        },
        {
          label: "Actions",
          kind: "actions",
          cell: ({ id, name, email, sources }) =>
            !group.areMembersManaged && sources.some(({ source }) => source === LOCAL) && (
              <ActionButton
                action={`${GROUPS_PATH}/remove-member`}
                fields={{ group: group.name, user: id }}
                label="Remove"
                about={name || email}
              />
            ),
        },
      ]}
    />
  );
}
