import type { Sql } from "../store/connect.ts";
import { anyUser } from "../store/users.ts";

/** Longest wait for the database, in ms: a load balancer gives up as well. */
const PATIENCE = 2000;

/** Whether requests can be served: asks the database. */
export async function readiness(sql: Sql): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the database does not answer")), PATIENCE);
  });
  try {
    const setupRequired = !await Promise.race([anyUser(sql), timeout]);
    return Response.json({ status: "ready", setup_required: setupRequired });
  } catch {
    return Response.json({ status: "unavailable", reason: "database" }, { status: 503 });
  } finally {
    clearTimeout(timer);
  }
}
