import { migrationStatus } from "../store/db/migrate.ts";
import type { AdminDeps, Empty } from "./operation.ts";

/** Every migration of this version, and when it was applied. */
export async function listMigrations(
  { sql }: Pick<AdminDeps, "sql">,
  _params: Empty,
): Promise<{ name: string; appliedAt?: string }[]> {
  const status = await migrationStatus(sql);
  return status.map(({ name, appliedAt }) => ({ name, appliedAt: appliedAt?.toISOString() }));
}
