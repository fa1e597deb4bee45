import { pause } from "../../shared/deadline.ts";
import type { Sql } from "../store/db/connect.ts";
import { eraseNextEvents } from "../store/erase_user.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { amendEvent } from "./seal.ts";

/** Events that one transaction goes through. */
const BATCH_SIZE = 1000;

interface EraseEventsDeps {
  sql: Sql;
  secrets: Pick<ServerSecrets, "auditKey">;
}

/**
 * Removes the personal data of users who were deleted from the audit log, in batches: each is done
 * or not, and another process can go on after it. Returns whether it is complete; otherwise `signal`
 * was aborted.
 */
export async function eraseEvents(
  { sql, secrets }: EraseEventsDeps,
  { signal, userId }: { signal: AbortSignal; userId?: string },
): Promise<boolean> {
  const { auditKey } = secrets;
  while (!signal.aborted) {
    const startedAt = performance.now();
    const isWaiting = await eraseNextEvents(
      sql,
      (record, commitment) => amendEvent(auditKey, record, commitment),
      { limit: BATCH_SIZE, userId },
    );
    if (!isWaiting) return true;
    // In the background, at most half of a connection's time.
    if (userId === undefined) await pause(Math.min(performance.now() - startedAt, 1000), signal);
  }
  return false;
}
