import type { Transaction } from "../store/db/connect.ts";
import { lockActiveAdministrators } from "../store/users.ts";
import { noAdministratorLeft } from "./group_errors.ts";

/**
 * Does what may take the role from administrators, and rolls the transaction back with a DomainError
 * if none is left who can sign in, unless `force` is set; undefined: no one can force it. A directory
 * is never asked: see docs/groups.md.
 */
export async function keepingAnAdministrator(
  tx: Transaction,
  { force }: { force?: boolean },
  change: () => Promise<void>,
): Promise<void> {
  const before = await lockActiveAdministrators(tx);
  await change();
  if (force || before.length === 0) return;
  const after = await lockActiveAdministrators(tx);
  if (after.length === 0) throw noAdministratorLeft({ canForce: force !== undefined });
}
