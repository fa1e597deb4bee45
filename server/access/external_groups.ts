/**
 * What directories say about the groups of users. A group of a directory counts here under its own
 * name, except for the names of roles, or as the group whose `from` lists it.
 */
import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent, recordAuditEvents } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import {
  addSourceMembers,
  deleteMembershipsOfSource,
  listGroups,
  removeSourceMembers,
  renameSourceGroup,
  replaceMemberships,
} from "../store/groups.ts";
import { auditedNames } from "./audited_names.ts";
import { normalizeExternalName } from "./group_names.ts";

/** A directory, by the way that it is connected. */
export type GroupSource = `idp:${string}` | `scim:${string}`;

/** Groups of one user from one source. */
const MAX_EXTERNAL_GROUPS = 1000;

export interface AccessDeps {
  clock: Clock;
}

/** Who or what caused a change: for the audit log. */
export interface CausedBy {
  actor?: string;
  address?: string;
}

export interface ChangedGroups {
  /** The directory's names of the groups that the user was not in before. */
  added: string[];
  removed: string[];
  /** How many names were not stored: not valid as names, or too many. */
  ignored: number;
}

/**
 * Replaces the groups that one source says a user is in. Names that are empty, longer than 200
 * characters or not visible are ignored. Of more than 1,000, those that are known here are kept.
 */
export async function setExternalGroups(
  tx: Transaction,
  { clock }: AccessDeps,
  { userId, source, names, ...causedBy }:
    & { userId: string; source: GroupSource; names: readonly string[] }
    & CausedBy,
): Promise<ChangedGroups> {
  const distinct = new Set(names);
  const valid = new Set(
    [...distinct].map(normalizeExternalName).filter((name) => name !== undefined),
  );
  const kept = valid.size <= MAX_EXTERNAL_GROUPS
    ? [...valid]
    : await knownFirst(tx, source, [...valid]);
  const changed = await replaceMemberships(tx, { userId, source, names: kept });
  const { added, removed } = changed ?? { added: [], removed: [] };
  const ignored = distinct.size - kept.length;
  if (added.length + removed.length > 0) {
    await recordAuditEvent(tx, clock, {
      ...{ event: "group.membership_changed", subject: userId, ...causedBy },
      details: {
        source,
        ...added.length > 0 && { added: auditedNames(added) },
        ...removed.length > 0 && { removed: auditedNames(removed) },
        ...ignored > 0 && { ignored },
      },
    });
  }
  return { added, removed, ignored };
}

/** Those that groups of this server depend on first. */
async function knownFirst(
  tx: Transaction,
  source: GroupSource,
  names: readonly string[],
): Promise<string[]> {
  const known = new Set(
    (await listGroups(tx)).flatMap(({ name, sources }) => [`:${name}`, ...sources ?? []]),
  );
  const directory = source.slice(source.indexOf(":") + 1);
  const isKnown = (name: string) => known.has(`:${name}`) || known.has(`${directory}:${name}`);
  return [
    ...names.filter(isKnown),
    ...names.filter((name) => !isKnown(name)),
  ].slice(0, MAX_EXTERNAL_GROUPS);
}

/** Changes the members of one group of a directory; an invalid name changes nothing. */
export async function changeExternalMembers(
  tx: Transaction,
  { clock }: AccessDeps,
  { source, name, add = [], remove = [], ...causedBy }:
    & {
      source: GroupSource;
      name: string;
      /** Ids of users. */
      add?: readonly string[];
      remove?: readonly string[];
    }
    & CausedBy,
): Promise<{ added: string[]; removed: string[] }> {
  const group = normalizeExternalName(name);
  if (group === undefined) return { added: [], removed: [] };
  const removed = remove.length === 0
    ? []
    : await removeSourceMembers(tx, { source, name: group, userIds: remove });
  const added = add.length === 0
    ? []
    : await addSourceMembers(tx, { source, name: group, userIds: add });
  for (const [key, ids] of [["added", added], ["removed", removed]] as const) {
    await recordMemberEvents(tx, { clock }, ids, {
      ...causedBy,
      details: { source, [key]: auditedNames([group]) },
    });
  }
  return { added, removed };
}

/** Gives a group of a directory another name, with the same members. */
export async function renameExternalGroup(
  tx: Transaction,
  { clock }: AccessDeps,
  { source, from, to, ...causedBy }: { source: GroupSource; from: string; to: string } & CausedBy,
): Promise<void> {
  const [name, renamed] = [from, to].map(normalizeExternalName);
  if (name === undefined || renamed === undefined || name === renamed) return;
  const ids = await renameSourceGroup(tx, { source, name, to: renamed });
  await recordMemberEvents(tx, { clock }, ids, {
    ...causedBy,
    details: { source, added: auditedNames([renamed]), removed: auditedNames([name]) },
  });
}

/** Forgets all groups of a directory that is no longer connected. */
export async function removeGroupSource(
  tx: Transaction,
  { clock }: AccessDeps,
  { source, ...causedBy }: { source: GroupSource } & CausedBy,
): Promise<void> {
  const ids = await deleteMembershipsOfSource(tx, source);
  await recordMemberEvents(tx, { clock }, ids, {
    ...causedBy,
    details: { source, disconnected: true },
  });
}

/** One event for each user, so that the log of a user is complete. */
async function recordMemberEvents(
  tx: Transaction,
  { clock }: AccessDeps,
  ids: readonly string[],
  event: CausedBy & { details: Record<string, string | boolean> },
): Promise<void> {
  if (ids.length === 0) return;
  await recordAuditEvents(tx, clock, {
    event: "group.membership_changed",
    subjects: ids,
    ...event,
  });
}
