import { formatCount } from "../../../../shared/bounded_count.ts";
import type { Fields } from "../../../apply/field.ts";
import { nameKey } from "../../../../shared/name_key.ts";
import { DomainError } from "../../../domain_error.ts";
import { countMembersOfGroups, listLocalMemberAddresses } from "../../../store/group_members.ts";
import { listGroups } from "../../../store/groups.ts";
import { addGroupMember, removeGroupMember } from "../../group_member_operations.ts";
import { addGroup, updateGroup } from "../../group_operations.ts";
import { removeGroup } from "../../remove_group.ts";
import type { ApplyDeps, Edit, ManagedKindHandler, Refusal } from "../managed_kind.ts";
import { refusal } from "../managed_kind.ts";

const ADMIN = "admin";

/** Groups. Members are a part of one only if the file says who they are. */
export const group: ManagedKindHandler = {
  kind: "group",
  async read({ tx }, declared) {
    const groups = await listGroups(tx);
    // Others may have many members, which no file is compared with.
    const named = new Set([
      ...[...declared].filter(([, { members }]) => members !== undefined).map(([name]) => name),
      ...groups.filter(({ membersManagedBy }) => membersManagedBy).map(({ name }) => name),
    ]);
    const members = await listLocalMemberAddresses(tx, [...named]);
    const hasAdmin = groups.some(({ name }) => name === ADMIN);
    const listed = hasAdmin
      ? groups
      : [{ name: ADMIN, sources: [], isDeclared: false, description: undefined }, ...groups];
    return new Map(listed.map(({ name, description, sources, isDeclared }) => [name, {
      fields: {
        description: description ?? null,
        from: name === ADMIN ? sources ?? [] : sources ?? null,
        members: named.has(name) ? members.get(name) ?? [] : null,
      },
      ...isDeclared && { inConfigFile: true as const },
      ...name === ADMIN && { isBuiltIn: true as const },
      ...name === ADMIN && !hasAdmin && { isUnchanged: true as const },
    }]));
  },
  complete(_deps, name, declared) {
    const { description = null, from = name === ADMIN ? [] : null } = declared;
    const members = declared.members as string[] | undefined;
    return Promise.resolve({
      description,
      from,
      // Absent: as they are.
      ...members !== undefined && { members: [...new Set(members.map(nameKey))] },
    });
  },
  async add(deps, name, { description, from, members }) {
    const added = await addGroup(deps, {
      name,
      description: (description as string | null) ?? undefined,
      from: (from as string[] | null) ?? undefined,
    });
    return refusal(added) ?? await changeMembers(deps, name, [], members);
  },
  async change(deps, { name, before, after, changed }) {
    const settings = name === ADMIN
      ? ["from"]
      : ["description", "from"].filter((property) => changed.has(property));
    const updated = settings.length === 0 ? undefined : await updateGroup(deps, {
      name,
      ...Object.fromEntries(settings.map((property) => [property, after[property]])),
      force: deps.force,
    });
    return refusal(updated) ??
      (changed.has("members")
        ? await changeMembers(deps, name, (before.members ?? []) as string[], after.members)
        : undefined);
  },
  async adopt(deps, { name, after }) {
    if (name !== ADMIN) return undefined;
    return refusal(await updateGroup(deps, { name, from: after.from as string[] }));
  },
  async remove(deps, name) {
    return refusal(await removeGroup(deps, { name }));
  },
  async removalDangers({ tx }, name) {
    const members = (await countMembersOfGroups(tx, [name])).get(name) ?? 0;
    if (members === 0) return [];
    return [{
      code: "group_has_members",
      message: `${formatCount(members, "member")} ${members === 1 ? "loses" : "lose"} its scopes.`,
      advice: "Move them to another group first.",
    }];
  },
  changeDangers(_deps, { name, before, after, changed }: Edit) {
    if (name !== ADMIN) return Promise.resolve([]);
    const lost = ((before.members ?? []) as string[])
      .filter((member) => !((after.members ?? []) as string[]).includes(member));
    return Promise.resolve([
      ...changed.has("members") && lost.length > 0
        ? [{
          code: "removes_administrators",
          message: `${lost.join(", ")} ${lost.length === 1 ? "is" : "are"} no administrator ` +
            "afterwards.",
        }]
        : [],
      ...changed.has("from")
        ? [{
          code: "changes_administrators",
          message: "Other groups of directories decide who is an administrator.",
        }]
        : [],
    ]);
  },
};

async function changeMembers(
  deps: ApplyDeps,
  name: string,
  before: readonly string[],
  after: Fields["members"] | undefined,
): Promise<Refusal> {
  if (!Array.isArray(after)) return undefined;
  const members = after as string[];
  for (const user of members.filter((member) => !before.includes(member))) {
    const added = await addGroupMember(deps, { name, user });
    if (added instanceof DomainError) return added;
  }
  for (const user of before.filter((member) => !members.includes(member))) {
    const removed = await removeGroupMember(deps, { name, user, force: deps.force });
    if (removed instanceof DomainError) return removed;
  }
}
