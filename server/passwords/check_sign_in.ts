import { createHmac } from "node:crypto";
import { nameKey } from "../../shared/name_key.ts";
import type { QueuedCaller } from "../security/fair_queue.ts";
import { checkPassword, type PasswordCost, verifyPassword } from "../security/password_hash.ts";
import type { Sql } from "../store/db/connect.ts";
import type { ServerSecrets } from "../store/server_secrets.ts";
import { findOtherPasswordHash, findUser, rehashPassword, type User } from "../store/users.ts";

export interface CheckSignInDeps {
  sql: Sql;
  secrets: Pick<ServerSecrets, "formKey">;
  /** Of new hashes; undefined: that of hashPassword. */
  passwordCost?: PasswordCost;
}

/**
 * The user, if the password is theirs; undefined if it is not, or without a user: the address is
 * unknown or the account disabled. Takes as long either way. A hash of another system, or one with
 * other parameters than new ones, is replaced. Throws DomainError as verifyPassword does.
 */
export async function checkSignInPassword(
  { sql, secrets, passwordCost }: CheckSignInDeps,
  { email, user, password, caller }: {
    email: string;
    user: User | undefined;
    password: string;
    caller: QueuedCaller;
  },
): Promise<User | undefined> {
  const decoy = await findOtherPasswordHash(sql, decoyId(secrets, email));
  const { correct, rehashed } = await checkPassword(password, user?.passwordHash, {
    caller,
    decoy,
    cost: passwordCost,
  });
  const from = user?.passwordHash;
  if (!correct || user === undefined || from === undefined) return undefined;
  if (rehashed === undefined) return user;
  if (await rehashPassword(sql, { id: user.id, from, to: rehashed })) {
    return { ...user, passwordHash: rehashed };
  }
  // Another sign-in has replaced the hash meanwhile, or the password was changed.
  const current = await findUser(sql, user.id);
  const isSame = await verifyPassword(password, current?.passwordHash, caller);
  return isSame && current?.disabledAt === undefined ? current : undefined;
}

/**
 * Selects the account whose hash an address without one is checked against, the same each time. Of
 * addresses without an account, as many are checked against each kind of hash as there are accounts
 * with it.
 */
function decoyId({ formKey }: CheckSignInDeps["secrets"], email: string): string {
  const mac = createHmac("sha256", formKey).update(`decoy ${nameKey(email)}`).digest("hex");
  return mac.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
