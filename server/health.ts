import type { Database } from "./store/db/connect.ts";
import { hasUsers } from "./store/users.ts";

/** Longest wait for the database, in ms: a load balancer gives up as well. */
const TIMEOUT = 2000;

/**
 * Whether requests can be served. Asks the database, and writes to it: one that only
 * answers reads, as a standby does or one whose disk is full, serves no login.
 */
export async function readiness(
  { sql, probeWrites }: Pick<Database, "sql" | "probeWrites">,
): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the database does not answer")), TIMEOUT);
  });
  try {
    const [isSetUp] = await Promise.race([Promise.all([hasUsers(sql), probeWrites()]), timeout]);
    return Response.json({ status: "ready", setup_required: !isSetUp });
  } catch {
    return Response.json({ status: "unavailable", reason: "database" }, { status: 503 });
  } finally {
    clearTimeout(timer);
  }
}
