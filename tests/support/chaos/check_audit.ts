/** Compares the audit log with what was acknowledged. */
import type { Sql } from "../../../server/store/db/connect.ts";
import type { Journal } from "./journal.ts";

/** What is missing or there twice. */
export async function auditProblems(sql: Sql, { tokens, counts }: Journal): Promise<string[]> {
  const rows = await sql<{ event: string; subject: string; details: Record<string, unknown> }[]>`
    select event, subject, details from audit_log
    where event in ('token.created', 'token.rotated', 'token.revoked', 'login.succeeded')`;
  const times = new Map<string, number>();
  for (const { event, subject } of rows) {
    const key = `${event} ${subject}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  const problems: string[] = [];
  const expectOnce = (token: string, ...events: string[]) => {
    const recorded = events.reduce(
      (total, event) => total + (times.get(`${event} ${token}`) ?? 0),
      0,
    );
    if (recorded !== 1) problems.push(`${events.join(" or ")} is recorded ${recorded} times`);
  };
  for (const { id, createdBy, revokedBy } of tokens) {
    expectOnce(id, createdBy === "rotation" ? "token.rotated" : "token.created");
    if (revokedBy === "revocation") expectOnce(id, "token.revoked");
  }
  const logins = rows.filter(({ event }) => event === "login.succeeded").length;
  if (logins < (counts.login ?? 0)) {
    problems.push(`login.succeeded is recorded ${logins} times for ${counts.login} logins`);
  }
  return problems;
}
