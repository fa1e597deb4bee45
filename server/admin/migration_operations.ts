import { migrationStatus } from "../store/db/migrate.ts";
import type { AdminDeps, Empty } from "./operation.ts";

/** Every migration of this version or a newer one, and when it was applied. */
export async function listMigrations(
  { sql }: Pick<AdminDeps, "sql">,
  _params: Empty,
): Promise<{ name: string; appliedAt?: string; isNewer?: true }[]> {
  const status = await migrationStatus(sql);
  return status.map(({ appliedAt, ...migration }) => ({
    ...migration,
    appliedAt: appliedAt?.toISOString(),
  }));
}
