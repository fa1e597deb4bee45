import type { Sql, Transaction } from "./db/connect.ts";

/** What a user can confirm a sign-in with. */
export interface SecondFactors {
  /** An authenticator app. */
  totp: boolean;
  /** Passkeys that are not blocked. */
  passkeys: number;
  /** Passkeys that are blocked: they confirm nothing, but their user still needs a second factor. */
  blockedPasskeys: number;
  /** Recovery codes that are left. They count only beside one of the others. */
  recoveryCodes: number;
}

export async function findSecondFactors(
  sql: Sql | Transaction,
  userId: string,
): Promise<SecondFactors> {
  const [factors] = await sql<SecondFactors[]>`
    select
      exists (select 1 from totp_authenticators where user_id = ${userId}) as totp,
      (select count(*)::int from passkeys where user_id = ${userId} and blocked_at is null)
        as passkeys,
      (select count(*)::int from passkeys where user_id = ${userId} and blocked_at is not null)
        as "blockedPasskeys",
      (select count(*)::int from recovery_codes where user_id = ${userId}) as "recoveryCodes"`;
  return factors;
}

/** Whether the user needs a second factor after a password, also if all they have is blocked. */
export function hasSecondFactor({ totp, passkeys, blockedPasskeys }: SecondFactors): boolean {
  return totp || passkeys > 0 || blockedPasskeys > 0;
}

/** Deletes all second factors. Returns what the user had, blocked passkeys among the others. */
export async function deleteSecondFactors(
  tx: Transaction,
  userId: string,
): Promise<SecondFactors> {
  const had = await findSecondFactors(tx, userId);
  await tx`delete from totp_authenticators where user_id = ${userId}`;
  await tx`delete from passkeys where user_id = ${userId}`;
  await tx`delete from recovery_codes where user_id = ${userId}`;
  return { ...had, passkeys: had.passkeys + had.blockedPasskeys };
}
