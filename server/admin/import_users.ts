import { randomUUID } from "node:crypto";
import { idOfSubject, type ImportedUser } from "../imports/users/imported_user.ts";
import type { ImportProblem } from "../imports/problem.ts";
import { DryRun, type ImportedBatch } from "./imported_batch.ts";
import { recordAuditEventBatch } from "../store/audit_events.ts";
import {
  addMembers,
  type ExistingUser,
  findExistingUsers,
  insertUsers,
} from "../store/import_users.ts";
import { listManagedMembers, lockForEdit } from "../store/managed.ts";
import { fileOf } from "../store/managed_file.ts";
import type { Operation } from "./operation.ts";

/**
 * Adds users of another system, a batch in one transaction. Passwords arrive hashed, by that system.
 * A user who has an account, by the id or the address, is left as they are.
 */
export const importUsers: Operation<
  { users: ImportedUser[]; dryRun: boolean },
  ImportedBatch
> = async ({ sql, clock, actor = "operator" }, { users, dryRun }) => {
  const now = new Date(clock.now());
  const rows = users.map((user, row) => ({
    ...user,
    row,
    id: idOfSubject(user.subject) ?? randomUUID(),
  }));
  try {
    return await sql.begin(async (tx) => {
      await lockForEdit(tx);
      const managers = await listManagedMembers(tx);
      const managed = rows.flatMap((user) => managedGroup(user, managers) ?? []);
      const rejected = new Set(managed.map(({ line }) => line));
      const accepted = rows.filter(({ line }) => !rejected.has(line));
      const inserted = await insertUsers(tx, accepted, now);
      const added = rows.filter(({ row }) => inserted.has(row));
      await addMembers(tx, added.map(({ id, groups }) => ({ userId: id, groups })), now);
      await recordAuditEventBatch(
        tx,
        clock,
        { event: "user.imported", actor },
        added.map(({ id, passwordHash, emailVerified, disabled, groups }) => ({
          subject: id,
          details: {
            email_verified: emailVerified,
            password: passwordHash !== undefined,
            ...disabled && { disabled },
            ...groups.length > 0 && { groups: groups.join(" ").slice(0, MAX_AUDITED_LENGTH) },
          },
        })),
      );
      const others = accepted.filter(({ row }) => !inserted.has(row));
      const existing = others.length === 0 ? [] : await findExistingUsers(tx, others);
      const conflicts = existing.flatMap((user) => conflict(user, rows[user.row]) ?? []);
      const unchanged = others.length - conflicts.length;
      const problems = [...managed, ...conflicts];
      const result = { imported: added.length, unchanged, problems };
      if (dryRun) throw new DryRun(result);
      return result;
    }) as ImportedBatch;
  } catch (error) {
    if (error instanceof DryRun) return error.result;
    throw error;
  }
};

/** Of the names of groups in an audit event, in characters. */
const MAX_AUDITED_LENGTH = 1000;

/** Undefined if no file manages who is in the groups of the user. */
function managedGroup(
  { line, email, groups }: ImportedUser,
  managers: ReadonlyMap<string, string>,
): ImportProblem | undefined {
  const group = groups.find((name) => managers.has(name.toLowerCase()));
  if (group === undefined) return undefined;
  return {
    line,
    user: email,
    code: "managed_group",
    message: `The members of the group ${group} are managed by the file ${
      fileOf(managers.get(group.toLowerCase())!)
    }. Leave the group out, and add the user to it in that file afterwards.`,
  };
}

/** Undefined for a user who has been imported before. */
function conflict(
  { bySubject, byEmail }: ExistingUser,
  { line, subject, email }: ImportedUser,
): ImportProblem | undefined {
  if (bySubject || (byEmail && subject === undefined)) return undefined;
  return byEmail
    ? {
      line,
      user: email,
      code: "email_taken",
      message: `Another account has the address ${email}. Change the address of one of them, or ` +
        "delete the account and import again.",
    }
    : {
      line,
      user: email,
      code: "id_taken",
      message: `Another account has the id ${subject}. Leave the id out, or delete that account ` +
        "and import again.",
    };
}
