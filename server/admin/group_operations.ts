import { brand } from "../../shared/brand.ts";
import { groupNameProblem, isRoleGroup, normalizeGroupSource } from "../access/group_names.ts";
import { groupDescriptionProblem, MAX_GROUP_SOURCES } from "../access/group_settings.ts";
import { DomainError } from "../domain_error.ts";
import { auditedChanges } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  countGroupMembers,
  countMembersOfGroups,
  type GroupMember,
  listGroupMembers,
} from "../store/group_members.ts";
import {
  findGroup,
  type Group,
  insertGroup,
  listGroups,
  lockGroups,
  updateGroupRow,
} from "../store/groups.ts";
import { adminEvent } from "./admin_event.ts";
import { everyUser, inConfigFile, noSuchGroup } from "./group_errors.ts";
import { type GroupView, groupViews } from "./group_view.ts";
import { editing } from "./managed.ts";
import { keepingAnAdministrator } from "./last_administrator.ts";
import type { AdminDeps, Empty } from "./operation.ts";

/** What the operations on groups need. */
export type GroupDeps =
  & Pick<
    AdminDeps,
    "sql" | "clock" | "tokenValidator" | "actor" | "address" | "loginId" | "applying"
  >
  & { catalog: Pick<AdminDeps["catalog"], "scopes"> };

export type GroupOperation<Params, Result> = (deps: GroupDeps, params: Params) => Promise<Result>;

/** In the database. */
const MAX_GROUPS = 500;

export const listAllGroups: GroupOperation<Empty, GroupView[]> = async ({ sql, catalog }) => {
  const groups = await listGroups(sql);
  const counts = await countMembersOfGroups(sql, groups.map(({ name }) => name));
  return groupViews(groups, catalog.scopes(), counts);
};

export interface ShownGroup extends GroupView {
  /** The first ones by e-mail address; `members` is how many there are. */
  listedMembers: GroupMember[];
}

export const showGroup: GroupOperation<
  { name: string; limit: number; offset?: number; search?: string },
  ShownGroup & { matching: number } | DomainError
> = async (deps, { name, limit, offset, search }) => {
  const group = (await listAllGroups(deps, {})).find((group) => group.name === name);
  if (group === undefined) return noSuchGroup(name);
  const listedMembers = await listGroupMembers(deps.sql, name, { limit, offset, search });
  const matching = search === undefined
    ? group.members
    : await countGroupMembers(deps.sql, name, { search });
  return { ...group, listedMembers, matching };
};

export const addGroup: GroupOperation<
  { name: string; description?: string; from?: string[] },
  GroupView | DomainError
> = async (deps, { name, description, from }) => {
  const problem = nameProblem(name);
  if (problem !== undefined) return problem;
  const settings = checkSettings({ description, from });
  if (settings instanceof DomainError) return settings;
  const created = await (deps.sql as Sql).begin(async (tx) => {
    await lockGroups(tx);
    if ((await listGroups(tx)).length >= MAX_GROUPS) {
      return new DomainError(
        "conflict",
        `There are already ${MAX_GROUPS} groups. Remove one that is not needed.`,
      );
    }
    const { sources } = settings;
    const now = new Date(deps.clock.now());
    if (!await insertGroup(tx, { name, description, sources, now })) {
      return nameTaken(await listGroups(tx), name);
    }
    const details = { ...sourceDetails(sources), ...auditedChanges({}, { description, sources }) };
    await audit(tx, deps, { event: "group.created", name, details });
  }) as DomainError | undefined;
  return created ?? await viewOf(deps, name);
};

/** Changes a group; undefined stays, null is removed. */
export const updateGroup: GroupOperation<
  { name: string; description?: string | null; from?: string[] | null; force?: boolean },
  GroupView | DomainError
> = editing(
  "group",
  ({ name }) => name,
  async (deps, { name, description, from, force = false }) => {
    if (name === "user") return everyUser();
    if (name === "admin" && (description !== undefined || from === null)) {
      return new DomainError(
        "invalid",
        from === null
          ? "A group of a directory creates administrators only if it is listed. List the groups, or " +
            "an empty list for none."
          : "The description of the group admin cannot be changed.",
        { field: from === null ? "from" : "description" },
      );
    }
    const checked = checkSettings({
      description: description ?? undefined,
      from: from ?? undefined,
    });
    if (checked instanceof DomainError) return checked;
    const refused = await (deps.sql as Sql).begin(async (tx) => {
      await lockGroups(tx);
      const stored = await findGroup(tx, name);
      if (stored?.isDeclared) return inConfigFile(name);
      if (stored === undefined && name !== "admin") return noSuchGroup(name);
      const settings = {
        name,
        description: description === undefined ? stored?.description : description ?? undefined,
        sources: from === undefined ? stored?.sources : checked.sources,
      };
      const now = new Date(deps.clock.now());
      const write = async () =>
        void (stored === undefined
          ? await insertGroup(tx, { ...settings, now })
          : await updateGroupRow(tx, settings));
      if (name === "admin") await keepingAnAdministrator(tx, { force }, write);
      else await write();
      await audit(tx, deps, {
        event: "group.changed",
        name,
        details: {
          ...from === undefined ? {} : sourceDetails(checked.sources),
          ...auditedChanges({ ...stored }, settings),
        },
      });
    }).catch(rolledBack) as DomainError | undefined;
    return refused ?? await viewOf(deps, name);
  },
);

/** A DomainError that rolled a transaction back is its result. */
export function rolledBack(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

async function viewOf(deps: GroupDeps, name: string): Promise<GroupView | DomainError> {
  const group = (await listAllGroups(deps, {})).find((group) => group.name === name);
  return group ?? noSuchGroup(name);
}

export async function audit(
  tx: Transaction,
  deps: GroupDeps,
  { event, name, details }: {
    event: string;
    name: string;
    details: Record<string, string | number | boolean>;
  },
): Promise<void> {
  await recordAuditEvent(tx, deps.clock, adminEvent(deps, { event, subject: name, details }));
}

function sourceDetails(sources: readonly string[] | undefined): Record<string, string> {
  return sources === undefined ? {} : { from: JSON.stringify(sources) };
}

function nameProblem(name: string): DomainError | undefined {
  if (isRoleGroup(name.toLowerCase())) {
    return new DomainError(
      "invalid",
      `"${name}" is a group of every server. Choose another name.`,
      { field: "name" },
    );
  }
  const problem = groupNameProblem(name);
  if (problem === undefined) return undefined;
  return new DomainError("invalid", `"${name.slice(0, 100)}" ${problem}`, { field: "name" });
}

function nameTaken(groups: readonly Group[], name: string): DomainError {
  const same = groups.find((group) => group.name.toLowerCase() === name.toLowerCase());
  const taken = same?.name ?? name;
  return new DomainError(
    "conflict",
    `There is already a group ${taken}.`,
    {
      field: "name",
      commandHint: `To see it, run: ${brand.binaryName} admin group show ${taken}`,
    },
  );
}

function checkSettings(
  { description, from }: { description?: string; from?: readonly string[] },
): { sources?: string[] } | DomainError {
  const problem = description === undefined ? undefined : groupDescriptionProblem(description);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "description" });
  if (from === undefined) return {};
  const sources = new Set<string>();
  for (const text of from) {
    const source = normalizeGroupSource(text);
    if (source === undefined) {
      return new DomainError(
        "invalid",
        `"${
          text.slice(0, 100)
        }" is not a group of a directory. Write it as DIRECTORY:GROUP, such ` +
          "as okta:Deployers.",
        { field: "from" },
      );
    }
    sources.add(source);
  }
  return sources.size <= MAX_GROUP_SOURCES ? { sources: [...sources] } : new DomainError(
    "invalid",
    `A group lists at most ${MAX_GROUP_SOURCES} groups of directories.`,
    { field: "from" },
  );
}
