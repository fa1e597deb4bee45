/** The logins to a server that another one would replace or be added to. */
import { splitScope } from "../../shared/oauth/scope.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { freshCredentials } from "../oauth/refresh.ts";
import { userinfo } from "../oauth/userinfo.ts";
import { listLogins, type Login } from "./login_store.ts";

/** Those whose credentials can be read. With `insecureStorage`, no keychain is opened. */
export async function existingLogins(
  server: string,
  { insecureStorage = false }: { insecureStorage?: boolean },
  io: ClientIo,
): Promise<Login[]> {
  const logins = (await listLogins(io)).filter((login) =>
    login.server === server && (login.kind === "file" || !insecureStorage)
  );
  return await filter(logins, async (login) => {
    const stored = await login.loginStore.store.get(login);
    return stored !== undefined &&
      (stored.refreshToken !== undefined || stored.accessTokenExpiresAt > io.clock.now());
  });
}

/** Those that the server has not revoked, as far as it answers. */
export async function acceptedLogins(logins: readonly Login[], io: ClientIo): Promise<Login[]> {
  const silent: ClientIo = { ...io, stderr: () => {} };
  return await filter(logins, async (login) => {
    const { accessToken } = await freshCredentials(login, 0, login.loginStore, silent);
    return await userinfo(login.server, accessToken, silent) !== "rejected";
  });
}

/** Credentials that cannot be read, or that expired, are of no use; others may be. */
async function filter(
  logins: readonly Login[],
  isUsable: (login: Login) => Promise<boolean>,
): Promise<Login[]> {
  const usable: Login[] = [];
  for (const login of logins) {
    const result = await isUsable(login).catch((error) => {
      if (error instanceof CredentialStoreError) return false;
      if (error instanceof ClientError) return !error.needsAuthentication;
      throw error;
    });
    if (result) usable.push(login);
  }
  return usable;
}

/** Whether one of the logins has exactly this scope, name and resources. Undefined: any will do. */
export function hasLogin(
  logins: readonly Login[],
  { scope, name, resources }: {
    scope: string | undefined;
    name: string | undefined;
    resources: readonly string[] | undefined;
  },
): boolean {
  return logins.some(({ entry }) =>
    (scope === undefined || isSameScope(scope, entry.scope)) &&
    (name === undefined || name === entry.name) &&
    (resources === undefined || isSameScope(resources.join(" "), entry.resources?.join(" ") ?? ""))
  );
}

function isSameScope(a: string, b: string): boolean {
  const [first, second] = [new Set(splitScope(a)), new Set(splitScope(b))];
  return first.size === second.size && first.isSubsetOf(second);
}
