import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import { lockUser, nameProblem, updateUserRow } from "../store/users.ts";

/** Changes a user's own name. One that is as before already is not recorded. */
export async function changeName(
  { sql, clock }: { sql: Sql; clock: Clock },
  { userId, name, address }: { userId: string; name: string; address: string },
): Promise<DomainError | undefined> {
  const problem = nameProblem(name);
  if (problem !== undefined) return new DomainError("invalid", problem, { field: "name" });
  await sql.begin(async (tx) => {
    const user = await lockUser(tx, userId);
    if (user === undefined || user.name === name.normalize("NFC")) return;
    await updateUserRow(tx, userId, { name });
    await recordAuditEvent(tx, clock, {
      event: "user.changed",
      actor: userId,
      subject: userId,
      address,
      details: { name: true, password: false },
    });
  });
  return undefined;
}
