import type { ShownUser, SignInMethods } from "../../../admin/list_users.ts";
import { formatCount } from "../../../../shared/bounded_count.ts";

/** What confirms a sign-in with a password; empty if there is nothing. */
export function describeFactors(
  { authenticatorApp, passkeys, recoveryCodes }: SignInMethods,
): string {
  return [
    ...authenticatorApp ? ["authenticator app"] : [],
    ...passkeys > 0 ? [formatCount(passkeys, "passkey")] : [],
    ...recoveryCodes > 0 ? [formatCount(recoveryCodes, "recovery code")] : [],
  ].join(", ");
}

/** How a user can sign in. */
export function describeMethods({ hasPassword, methods }: ShownUser): string {
  const factors = describeFactors(methods);
  return [
    ...hasPassword ? ["password"] : [],
    ...factors === "" ? [] : [factors],
    ...methods.linkedAccounts > 0 ? [formatCount(methods.linkedAccounts, "linked account")] : [],
  ].join(", ") || "None";
}
