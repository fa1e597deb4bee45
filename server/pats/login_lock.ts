import type { Clock } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import type { Transaction } from "../store/db/connect.ts";
import { lockActiveLogin } from "../store/refresh_token_families.ts";
import type { Actor } from "./audit.ts";

/**
 * Keeps the actor's login from being revoked until the transaction is over, or returns why the
 * login does not count any more: revoking a login with its tokens would miss one that is created
 * at the same time. Lock the login before any token, so that no two transactions wait for each
 * other.
 */
export async function lockActorLogin(
  tx: Transaction,
  deps: { clock: Clock },
  { loginId }: Actor,
): Promise<DomainError | undefined> {
  if (loginId === undefined) return undefined;
  const isActive = await lockActiveLogin(tx, { id: loginId, now: new Date(deps.clock.now()) });
  return isActive
    ? undefined
    : new DomainError("forbidden", "This login was revoked or has expired. Log in again.");
}
