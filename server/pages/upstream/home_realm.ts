import type { ServerConfig } from "../../config/server_config.ts";
import { mailDomain } from "../../identity_providers/mail_domain.ts";
import { nameKey } from "../../../shared/name_key.ts";
import type { Sql } from "../../store/db/connect.ts";
import { findRequiredProvider, type IdentityProvider } from "../../store/identity_providers.ts";
import type { User } from "../../store/users.ts";

export interface HomeRealmDeps {
  sql: Sql;
  config: Pick<ServerConfig, "passwordSignIn">;
}

/** The provider with which the user of this address has to sign in, whether there is one or not. */
export async function homeRealm(
  { sql, config }: HomeRealmDeps,
  email: string,
  user: User | undefined,
): Promise<IdentityProvider | undefined> {
  const domain = mailDomain(email);
  if (domain === undefined || isBreakGlass(config, user)) return undefined;
  return await findRequiredProvider(sql, domain);
}

/** Whether the user may sign in with a password, whatever is required of others. */
export function isBreakGlass(
  { passwordSignIn }: HomeRealmDeps["config"],
  user: User | undefined,
): boolean {
  return user !== undefined && user.isAdmin &&
    passwordSignIn.breakGlass.some((address) => nameKey(address) === nameKey(user.email));
}
