/** The logins on this machine: their credentials, in keychain or file, and the index of them. */
import { withFileLock } from "../credentials/file_lock.ts";
import { configFolder, findConfigFolder } from "../credentials/config_dir.ts";
import { chooseStore, deleteStaleEntry, openStore } from "../credentials/select.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { LoginStore } from "../oauth/stored_login.ts";
import { forgetCompletionCache } from "./completion_cache.ts";
import { forgetPendingOfLogin } from "./pending_approvals.ts";
import {
  type Account,
  accountLockPath,
  activateAccount,
  forgetAccount,
  readAccounts,
  rememberAccount,
  tryAccounts,
} from "./account_index.ts";

/** A login on this machine. */
export interface Login extends AccountKey {
  kind: CredentialStore["kind"];
  active: boolean;
  /** Its entry in the index. */
  entry: Account;
  loginStore: LoginStore;
}

/** All logins, oldest first. */
export async function listLogins(io: ClientIo): Promise<Login[]> {
  const { accounts, active } = await readAccounts(configFolder(io), io.stderr);
  return accounts.map((entry) => ({
    kind: entry.store,
    server: entry.server,
    account: entry.account,
    active: active?.server === entry.server && active.account === entry.account,
    entry,
    loginStore: loginStoreFor(openStore(entry.store, io), io),
  }));
}

/** The server of the active login, if there is one. */
export async function activeServer(io: ClientIo): Promise<string | undefined> {
  const folder = findConfigFolder(io);
  return folder && (await readAccounts(folder, io.stderr)).active?.server;
}

/**
 * Selects the store for a new login, and verifies that it can be written: a user should not
 * approve a login that cannot be stored.
 */
export async function openLoginStore(insecureStorage: boolean, io: ClientIo): Promise<LoginStore> {
  const { store, warning } = await chooseStore({ insecureStorage }, io);
  if (warning !== undefined) io.stderr(warning);
  // The keychain was tried by choosing it; where the file comes second, it is tried as well.
  if (store.kind === "file") await store.checkWritable();
  await tryAccounts(configFolder(io), io.signal);
  return loginStoreFor(store, io);
}

/**
 * Stores a new login's credentials and makes it the active one. Returns the credentials of
 * earlier logins to the same account that it replaced, from either store: this was the only
 * copy of them, so the caller has to revoke them.
 */
export async function saveLogin(
  key: AccountKey,
  account: Pick<Account, "subject" | "name" | "resources">,
  credentials: Credentials,
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Credentials[]> {
  const folder = configFolder(io);
  return await withLock(key, async () => {
    const { accounts } = await readAccounts(folder, io.stderr);
    const earlier = accounts.find(({ server, account }) =>
      server === key.server && account === key.account
    );
    let keychainFailed = false;
    const replaced = await storedCredentials(key, store, earlier, (error, kind) => {
      keychainFailed = store.kind === "file" && kind === "keychain";
      // The keychain was warned of when the store was selected.
      const reason = keychainFailed ? "it is in the keychain" : error.message.replace(/\.$/, "");
      io.stderr(
        `Warning: the earlier login of ${key.account} could not be revoked: ${reason}. ` +
          `Revoke it on ${key.server}/devices if it is no longer needed.\n`,
      );
    }, io);
    const entry: Account = {
      ...key,
      ...account,
      store: store.kind,
      scope: credentials.scope,
      loggedInAt: io.clock.now(),
    };
    try {
      // They belong to the login that this one replaces.
      await store.deleteRequested(key);
      await forgetPendingOfLogin(key, io);
      await store.set(key, credentials);
      // Before the old entry is deleted: killed in between, the index must not point at nothing.
      await rememberAccount(folder, entry, io.signal);
    } catch (error) {
      // The caller revokes the new login, so the earlier one has to keep working.
      const previous = replaced.find((stored) => stored.store === store.kind);
      await (previous ? store.set(key, previous.credentials) : store.delete(key)).catch(() => {});
      throw error;
    }
    const leftInKeychain = keychainFailed || await deleteStaleEntry(key, store, earlier, io);
    if (leftInKeychain) {
      await rememberAccount(folder, { ...entry, leftInKeychain }, io.signal);
    }
    return replaced.map(({ credentials }) => credentials);
  });
}

/**
 * All credentials of an account, from the store in use and from the other one; from the
 * keychain only if the index says that it may have some. Credentials that cannot be read
 * cannot be revoked either: `unreadable` decides whether to go on.
 */
export async function storedCredentials(
  key: AccountKey,
  inUse: CredentialStore,
  entry: Account | undefined,
  unreadable: (error: CredentialStoreError, kind: CredentialStore["kind"]) => void,
  io: ClientIo,
): Promise<{ store: CredentialStore["kind"]; credentials: Credentials }[]> {
  const stores = [inUse];
  if (inUse.kind === "keychain") stores.push(openStore("file", io));
  else if (entry?.store === "keychain" || entry?.leftInKeychain) {
    stores.push(openStore("keychain", io));
  }
  const credentialsByStore = [];
  for (const store of stores) {
    try {
      const credentials = await store.get(key);
      if (credentials) credentialsByStore.push({ store: store.kind, credentials });
    } catch (error) {
      if (!(error instanceof CredentialStoreError)) throw error;
      unreadable(error, store.kind);
    }
  }
  return credentialsByStore;
}

/** Deletes the login's credentials and its entry in the index. The caller holds its lock. */
export async function forgetLogin(login: Login, io: ClientIo): Promise<void> {
  const { entry, loginStore: { store } } = login;
  const key = { server: login.server, account: login.account };
  await store.delete(key);
  await deleteStaleEntry(key, store, entry, io);
  await forgetCompletionCache(key, io);
  await forgetPendingOfLogin(key, io);
  await forgetAccount(configFolder(io), key, io.signal);
}

export async function activateLogin({ server, account }: AccountKey, io: ClientIo): Promise<void> {
  if (!await activateAccount(configFolder(io), { server, account }, io.signal)) throw notLoggedIn();
}

function loginStoreFor(store: CredentialStore, io: ClientIo): LoginStore {
  return {
    store,
    async withLock(key, critical) {
      const path = await accountLockPath(configFolder(io), key);
      return await withFileLock(path, { signal: io.signal }, critical);
    },
  };
}
