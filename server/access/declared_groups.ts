import type { Clock } from "../../shared/clock.ts";
import { auditedChanges } from "../store/audited_changes.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import {
  type Group,
  type GroupSettings,
  insertGroup,
  listGroups,
  lockGroups,
  updateGroupRow,
} from "../store/groups.ts";

/**
 * Writes the groups of the config file to the table. One that the file had before keeps its members,
 * but none of a directory: what it declared no longer holds. Returns the names of groups that could
 * not be written, since one exists that differs in upper and lower case.
 */
export async function syncDeclaredGroups(
  sql: Sql,
  clock: Clock,
  declared: readonly Omit<GroupSettings, "isDeclared">[],
): Promise<string[]> {
  const isCurrent = differences(await listGroups(sql), declared).length === 0;
  if (isCurrent) return [];
  return await sql.begin(async (tx) => {
    await lockGroups(tx);
    const conflicts: string[] = [];
    for (const { before, after } of differences(await listGroups(tx), declared)) {
      const isWritten = before === undefined
        ? await insertGroup(tx, { ...after, now: new Date(clock.now()) })
        : await updateGroupRow(tx, after);
      if (isWritten) await audit(tx, clock, after, before);
      else conflicts.push(after.name);
    }
    return conflicts;
  }) as string[];
}

function differences(
  stored: readonly Group[],
  declared: readonly Omit<GroupSettings, "isDeclared">[],
): { before?: Group; after: GroupSettings }[] {
  const changed = declared
    .map((group) => ({
      before: stored.find(({ name }) => name === group.name),
      after: { ...group, isDeclared: true },
    }))
    .filter(({ before, after }) => before === undefined || !isSame(before, after));
  const removed = stored
    .filter(({ isDeclared, name }) => isDeclared && !declared.some((group) => group.name === name))
    .map((before) => ({ before, after: { ...before, sources: [], isDeclared: false } }));
  return [...changed, ...removed];
}

function isSame(before: Group, after: GroupSettings): boolean {
  return before.isDeclared && before.description === after.description &&
    JSON.stringify(before.sources) === JSON.stringify(after.sources);
}

async function audit(
  tx: Transaction,
  clock: Clock,
  { name, description, sources, isDeclared = false }: GroupSettings,
  before: Group | undefined,
): Promise<void> {
  await recordAuditEvent(tx, clock, {
    event: before === undefined ? "group.created" : "group.changed",
    actor: "operator",
    subject: name,
    details: {
      declared: isDeclared,
      ...sources !== undefined && { from: JSON.stringify(sources) },
      ...auditedChanges({ ...before }, { description, sources }),
    },
  });
}
