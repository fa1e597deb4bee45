import { migrationStatus } from "../store/db/migrate.ts";
import type { OperationParts } from "./operation.ts";

/** Every migration this server knows, and when each was applied. */
export async function listMigrations(
  { sql }: Pick<OperationParts, "sql">,
  _given: Record<never, never>,
): Promise<{ name: string; appliedAt?: string }[]> {
  const status = await migrationStatus(sql);
  return status.map(({ name, appliedAt }) => ({ name, appliedAt: appliedAt?.toISOString() }));
}
