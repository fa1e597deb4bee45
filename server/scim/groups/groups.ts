/**
 * The operations on groups (RFC 7644 section 3). Members are changed by statements about all of
 * them, never one by one.
 */
import { isUuid } from "../../../shared/uuid.ts";
import { changeExternalMembers, renameExternalGroup } from "../../access/external_groups.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import {
  addDirectoryGroupMembers,
  countDirectoryGroupMembers,
  deleteDirectoryGroup,
  type DirectoryGroup,
  findDirectoryGroup,
  findMemberOfTooManyGroups,
  findUnknownMember,
  insertDirectoryGroup,
  listDirectoryGroupMembers,
  lockDirectoryGroup,
  removeDirectoryGroupMembers,
  retainDirectoryGroupMembers,
  updateDirectoryGroup,
} from "../../store/directories/groups.ts";
import { type Caller, type ScimDeps, sourceOf } from "../deps.ts";
import { badRequest, noSuchResource } from "../error.ts";
import { checkIfMatch, etag } from "../etag.ts";
import { matchesValue } from "../filter/matches.ts";
import { readOperations } from "../patch/operations.ts";
import { findAttribute } from "../schema/attribute.ts";
import { GROUP } from "../schema/resource_type.ts";
import { reportTakenName } from "../taken_name.ts";
import type { ResourceRequest } from "../users/users.ts";
import { type GroupChange, readChanges } from "./changes.ts";
import { MAX_MEMBERS, readGroup, tooManyMembers } from "./values.ts";

const TAKEN = "Another group of this directory has the displayName.";
/** Groups of one user in one directory: server/access/ stores as many. */
const MAX_GROUPS_OF_USER = 1_000;

export async function createGroupResource(
  deps: ScimDeps,
  caller: Caller,
  body: unknown,
): Promise<DirectoryGroup> {
  const { sql, clock } = deps;
  const { displayName, externalId, memberIds } = readGroup(body);
  const directoryId = caller.directory.id;
  const { group, changed } = await sql.begin(async (tx) => {
    const now = new Date(clock.now());
    const id = await insertDirectoryGroup(tx, { directoryId, displayName, externalId, now });
    const group = (await findDirectoryGroup(tx, { directoryId, id }))!;
    await audit(tx, deps, caller, group, "directory.group_created");
    const changes = memberIds.length === 0 ? [] : [{ kind: "add" as const, ids: memberIds }];
    return { group, changed: await applyChanges(tx, deps, caller, group, changes) };
  }).catch(reportTakenName(TAKEN)) as Changed;
  invalidate(deps, changed);
  return group;
}

interface Changed {
  group: DirectoryGroup;
  /** Ids of accounts. */
  changed: string[];
}

export async function getGroupResource(
  { sql }: ScimDeps,
  { directory }: Caller,
  id: string,
): Promise<DirectoryGroup> {
  const group = isUuid(id)
    ? await findDirectoryGroup(sql, { directoryId: directory.id, id })
    : undefined;
  if (group === undefined) throw noSuchResource("group", id);
  return group;
}

/** RFC 7644 section 3.5.1: what the request does not have is removed. */
export async function replaceGroupResource(
  deps: ScimDeps,
  caller: Caller,
  request: ResourceRequest,
): Promise<DirectoryGroup> {
  const { displayName, externalId, memberIds } = readGroup(request.body);
  return await changeGroup(deps, caller, request, [
    { kind: "displayName", value: displayName },
    { kind: "externalId", value: externalId },
    { kind: "retain", ids: memberIds },
  ]);
}

/** RFC 7644 section 3.5.2: all operations, or none. */
export async function patchGroupResource(
  deps: ScimDeps,
  caller: Caller,
  request: ResourceRequest,
): Promise<DirectoryGroup> {
  const changes = readChanges(readOperations(request.body));
  return await changeGroup(deps, caller, request, changes);
}

async function changeGroup(
  deps: ScimDeps,
  caller: Caller,
  { id, headers }: ResourceRequest,
  changes: readonly GroupChange[],
): Promise<DirectoryGroup> {
  const directoryId = caller.directory.id;
  const { group, changed } = await deps.sql.begin(async (tx) => {
    const group = await lockExisting(tx, caller, id);
    checkIfMatch(headers, etag(group.version));
    const renamed = await changeFacts(tx, deps, caller, group, changes);
    const changed = await applyChanges(tx, deps, caller, { ...group, ...renamed }, changes);
    if (renamed !== undefined || changed.length > 0) {
      const now = new Date(deps.clock.now());
      await updateDirectoryGroup(tx, { ...group, ...renamed, now });
    }
    return { group: (await findDirectoryGroup(tx, { directoryId, id }))!, changed };
  }).catch(reportTakenName(TAKEN)) as Changed;
  invalidate(deps, changed);
  return group;
}

/** The name and the external id after all changes; undefined if both stay. */
async function changeFacts(
  tx: Transaction,
  deps: ScimDeps,
  caller: Caller,
  group: DirectoryGroup,
  changes: readonly GroupChange[],
): Promise<Pick<DirectoryGroup, "displayName" | "externalId"> | undefined> {
  let { displayName, externalId } = group;
  for (const change of changes) {
    if (change.kind === "displayName") displayName = change.value;
    if (change.kind === "externalId") externalId = change.value;
  }
  if (displayName === group.displayName && externalId === group.externalId) return undefined;
  if (displayName !== group.displayName) {
    // First, so that a name that is taken changes nothing about the other group's members.
    await updateDirectoryGroup(tx, { ...group, displayName, now: new Date(deps.clock.now()) });
    const source = sourceOf(caller);
    const cause = { actor: source, address: caller.address };
    const names = { from: group.displayName, to: displayName };
    await renameExternalGroup(tx, deps, { source, ...names, ...cause });
    await audit(tx, deps, caller, { ...group, displayName }, "directory.group_renamed");
  }
  return { displayName, externalId };
}

/** Returns the accounts that became members or are no longer. */
async function applyChanges(
  tx: Transaction,
  deps: ScimDeps,
  caller: Caller,
  group: DirectoryGroup,
  changes: readonly GroupChange[],
): Promise<string[]> {
  const [groupId, directoryId] = [group.id, caller.directory.id];
  const added = new Set<string>();
  const removed = new Set<string>();
  const record = (accounts: readonly string[], to: Set<string>, from: Set<string>) => {
    // One that was added and removed has not changed.
    for (const account of accounts) if (!from.delete(account)) to.add(account);
  };
  const add = async (ids: readonly string[]) => {
    const unknown = await findUnknownMember(tx, { directoryId, memberIds: ids });
    if (unknown !== undefined) {
      throw badRequest("invalidValue", `The member ${unknown} is not a user of this directory.`);
    }
    const accounts = await addDirectoryGroupMembers(tx, { groupId, directoryId, memberIds: ids });
    record(accounts, added, removed);
  };
  for (const change of changes) {
    switch (change.kind) {
      case "add":
        await add(change.ids);
        break;
      case "remove":
        record(
          await removeDirectoryGroupMembers(tx, { groupId, memberIds: change.ids }),
          removed,
          added,
        );
        break;
      case "retain":
        record(
          await retainDirectoryGroupMembers(tx, { groupId, memberIds: change.ids }),
          removed,
          added,
        );
        await add(change.ids);
        break;
      case "removeMatches": {
        const memberIds = await matchingMembers(tx, groupId, change.filter);
        record(await removeDirectoryGroupMembers(tx, { groupId, memberIds }), removed, added);
      }
    }
  }
  if (added.size > 0) await checkLimits(tx, groupId);
  await changeExternalMembers(tx, deps, {
    source: sourceOf(caller),
    name: group.displayName,
    add: [...added],
    remove: [...removed],
    actor: sourceOf(caller),
    address: caller.address,
  });
  return [...added, ...removed];
}

async function matchingMembers(
  tx: Transaction,
  groupId: string,
  filter: Extract<GroupChange, { kind: "removeMatches" }>["filter"],
): Promise<string[]> {
  const attribute = findAttribute(GROUP.attributes, "members")!;
  const members = (await listDirectoryGroupMembers(tx, [groupId])).get(groupId)!;
  return members
    .filter((id) => matchesValue(attribute, filter, { value: id, type: "User" }));
}

async function checkLimits(tx: Transaction, groupId: string): Promise<void> {
  if (await countDirectoryGroupMembers(tx, groupId) > MAX_MEMBERS) throw tooManyMembers();
  const member = await findMemberOfTooManyGroups(tx, { groupId, max: MAX_GROUPS_OF_USER });
  if (member === undefined) return;
  throw badRequest(
    "invalidValue",
    `The user ${member} is in ${MAX_GROUPS_OF_USER} groups already, which is the most there can be.`,
  );
}

export async function deleteGroupResource(
  deps: ScimDeps,
  caller: Caller,
  { id, headers }: Omit<ResourceRequest, "body">,
): Promise<void> {
  const changed = await deps.sql.begin(async (tx) => {
    const group = await lockExisting(tx, caller, id);
    checkIfMatch(headers, etag(group.version));
    const all = [{ kind: "retain" as const, ids: [] }];
    const changed = await applyChanges(tx, deps, caller, group, all);
    await deleteDirectoryGroup(tx, id);
    await audit(tx, deps, caller, group, "directory.group_removed");
    return changed;
  }) as string[];
  invalidate(deps, changed);
}

async function lockExisting(tx: Transaction, caller: Caller, id: string): Promise<DirectoryGroup> {
  const group = isUuid(id)
    ? await lockDirectoryGroup(tx, { directoryId: caller.directory.id, id })
    : undefined;
  if (group === undefined) throw noSuchResource("group", id);
  return group;
}

async function audit(
  tx: Transaction,
  { clock }: Pick<ScimDeps, "clock">,
  caller: Caller,
  { id, displayName }: DirectoryGroup,
  event: string,
): Promise<void> {
  await recordAuditEvent(tx, clock, {
    event,
    actor: sourceOf(caller),
    subject: id,
    address: caller.address,
    details: { name: displayName },
  });
}

/** Other replicas learn it from the database; this one applies it at once. */
function invalidate({ tokenValidator }: ScimDeps, userIds: readonly string[]): void {
  for (const id of userIds) tokenValidator.invalidate(`principal:${id}`);
}
