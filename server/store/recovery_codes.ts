import type { Transaction } from "./db/connect.ts";

/** Replaces the recovery codes of a user, used or not. */
export async function replaceRecoveryCodes(
  tx: Transaction,
  { userId, hashes, now }: { userId: string; hashes: readonly Uint8Array[]; now: Date },
): Promise<void> {
  await tx`delete from recovery_codes where user_id = ${userId}`;
  for (const hash of hashes) {
    await tx`
      insert into recovery_codes (user_id, code_hash, created_at)
      values (${userId}, ${hash}, ${now})`;
  }
}

/**
 * Uses a recovery code: of many requests at the same time, one gets how many are left. Undefined if
 * the user has no such code.
 */
export async function useRecoveryCode(
  tx: Transaction,
  { userId, hash }: { userId: string; hash: Uint8Array },
): Promise<number | undefined> {
  const rows = await tx`
    delete from recovery_codes where user_id = ${userId} and code_hash = ${hash}
    returning user_id`;
  if (rows.length === 0) return undefined;
  const [{ count }] = await tx<{ count: number }[]>`
    select count(*)::int as count from recovery_codes where user_id = ${userId}`;
  return count;
}
