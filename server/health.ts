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
    const [isSetUp] = await withTimeout(probe({ healthSql, probeWrites }), DATABASE_TIMEOUT_MS);
    return Response.json({ status: "ready", setup_required: !isSetUp });
  } catch {
    return unavailable("database");
  }
}

function unavailable(reason: "stopping" | "database"): Response {
  const headers = { "retry-after": "5", "cache-control": "no-store" };
  return Response.json({ status: "unavailable", reason }, { status: 503, headers });
}

/** The probes that run now. Unauthenticated clients can send any number of requests, which share one. */
const running = new WeakMap<Database["healthSql"], Promise<[boolean, void]>>();

function probe(
  { healthSql, probeWrites }: Pick<Database, "healthSql" | "probeWrites">,
): Promise<[boolean, void]> {
  let probes = running.get(healthSql);
  if (probes === undefined) {
    probes = Promise.all([hasUsers(healthSql), probeWrites()])
      .finally(() => running.delete(healthSql));
    running.set(healthSql, probes);
  }
  return probes;
}
