import type { Clock } from "../../shared/clock.ts";
import { recordAuditEventBatch } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import {
  endRestoredSessions,
  type RevokedRow,
  revokeRestoredLogins,
  revokeRestoredTokens,
  type TokenSelection,
} from "../store/restores.ts";

/** Events that one statement records. */
const BATCH = 1000;

interface EndDeps {
  clock: Clock;
}

/** Signs out the browsers of the time of a backup. Returns how many. */
export async function endSessionsSince(
  tx: Transaction,
  { clock }: EndDeps,
  since: Date,
): Promise<number> {
  const ids = await endRestoredSessions(tx, { since, now: new Date(clock.now()) });
  const subjects = ids.map((subject) => ({ subject, details: { reason: "restored" } }));
  await recordAll(tx, clock, "session.ended", subjects);
  return ids.length;
}

/** Revokes logins of the time of a backup; the default is all. Returns how many. */
export async function revokeLoginsSince(
  tx: Transaction,
  { clock }: EndDeps,
  since: Date,
  only?: { ids: readonly string[]; users: readonly string[] },
): Promise<number> {
  const logins = await revokeRestoredLogins(tx, { since, now: new Date(clock.now()), only });
  const subjects = logins.map(({ id, owner, name }) => ({
    subject: id,
    details: { client_id: name, user: owner, reason: "restored" },
  }));
  await recordAll(tx, clock, "login.revoked", subjects);
  return logins.length;
}

/** Revokes personal access tokens of the time of a backup; the default is all. Returns how many. */
export async function revokeTokensSince(
  tx: Transaction,
  { clock }: EndDeps,
  since: Date,
  only?: TokenSelection,
): Promise<number> {
  const tokens: RevokedRow[] = await revokeRestoredTokens(tx, {
    since,
    now: new Date(clock.now()),
    only,
  });
  const subjects = tokens.map(({ id, owner, name }) => ({
    subject: id,
    details: { owner, name, reason: "restored" },
  }));
  await recordAll(tx, clock, "token.revoked", subjects);
  return tokens.length;
}

async function recordAll(
  tx: Transaction,
  clock: Clock,
  event: string,
  subjects: readonly { subject: string; details: Record<string, string> }[],
): Promise<void> {
  for (let start = 0; start < subjects.length; start += BATCH) {
    const batch = subjects.slice(start, start + BATCH);
    await recordAuditEventBatch(tx, clock, { event, actor: "operator" }, batch);
  }
}
