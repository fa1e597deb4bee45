import { withTimeout } from "../shared/deadline.ts";
import type { Database } from "./store/db/connect.ts";
import { hasUsers } from "./store/users.ts";

/** Longest wait for the database: load balancers give up after a few seconds. */
const DATABASE_TIMEOUT_MS = 2000;

/**
 * `/readyz`: whether requests can be served. Reads from the database and writes to it: a standby,
 * or a database whose disk is full, serves reads only, and no login succeeds.
 */
export async function readiness(
  { healthSql, probeWrites }: Pick<Database, "healthSql" | "probeWrites">,
  stopping?: AbortSignal,
): Promise<Response> {
  if (stopping?.aborted) return unavailable("stopping");
  try {
    const probes = Promise.all([hasUsers(healthSql), probeWrites()]);
    const [isSetUp] = await withTimeout(probes, DATABASE_TIMEOUT_MS);
    return Response.json({ status: "ready", setup_required: !isSetUp });
  } catch {
    return unavailable("database");
  }
}

function unavailable(reason: "stopping" | "database"): Response {
  const headers = { "retry-after": "5", "cache-control": "no-store" };
  return Response.json({ status: "unavailable", reason }, { status: 503, headers });
}
