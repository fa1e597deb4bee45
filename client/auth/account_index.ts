/**
 * The index of logins: servers and accounts, which of them is active, and which store has the
 * credentials of each. It contains no secret. It exists because not every keychain can list its
 * entries.
 */
import { join } from "../../shared/path.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { AccountKey, CredentialStore } from "../credentials/store.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import { wrapStoreErrors } from "../credentials/wrap_store_errors.ts";
import {
  checkPrivateFolderWritable,
  readPrivateFile,
  setAside,
  writePrivateFile,
} from "../credentials/secure_file.ts";

/** An entry of the index. */
export interface Account extends AccountKey {
  /** The `sub` that the server gave (OpenID Connect Core section 2). */
  subject: string;
  /** The store of its credentials. */
  store: CredentialStore["kind"];
  /** The scope granted at login. */
  scope: string;
  /** The names of the resources that it was approved for besides the default one. */
  resources?: readonly string[];
  /** As it was sent to the server; absent in logins of earlier versions. */
  name?: string;
  /** In milliseconds since 1970. */
  loggedInAt: number;
  /** An older login's entry could not be deleted from the keychain. */
  leftInKeychain?: boolean;
}

export interface AccountIndex {
  /** In the order of login, the latest last. */
  accounts: Account[];
  /** The one that commands use by default. */
  active?: AccountKey;
}

/**
 * Reads the index in `folder`. It is empty if there is none, or if it is damaged, of which
 * `warn` is notified. Throws CredentialStoreError.
 */
export async function readAccounts(
  folder: string,
  warn: (text: string) => void,
): Promise<AccountIndex> {
  const path = indexPath(folder);
  return await wrapStoreErrors(unusable(path), (): AccountIndex => {
    const text = readPrivateFile(path);
    if (text === undefined) return { accounts: [] };
    const index = parseIndex(text);
    if (index) return index;
    warn(`Warning: the list of logins ${path} is damaged; it counts as empty.\n`);
    return { accounts: [] };
  });
}

/** Adds or replaces the login and makes it the active one. */
export async function rememberAccount(
  folder: string,
  account: Account,
  signal: AbortSignal,
): Promise<void> {
  const { server, account: name } = account;
  await update(folder, signal, ({ accounts }) => ({
    accounts: [...accounts.filter((entry) => !sameLogin(entry, account)), account],
    active: { server, account: name },
  }));
}

/**
 * Removes the login. If it was the active one, none is active afterward, unless a single login
 * remains: a script must not get another account's token unexpectedly.
 */
export async function forgetAccount(
  folder: string,
  key: AccountKey,
  signal: AbortSignal,
): Promise<void> {
  await update(folder, signal, (index) => ({
    ...index,
    accounts: index.accounts.filter((entry) => !sameLogin(entry, key)),
  }));
}

/** False if the login is not in the index. */
export async function activateAccount(
  folder: string,
  { server, account }: AccountKey,
  signal: AbortSignal,
): Promise<boolean> {
  const key = { server, account };
  const { accounts } = await update(
    folder,
    signal,
    (index) =>
      index.accounts.some((entry) => sameLogin(entry, key)) ? { ...index, active: key } : index,
  );
  return accounts.some((entry) => sameLogin(entry, key));
}

/** The lock that keeps processes from renewing the same login at the same time. */
export async function accountLockPath(
  folder: string,
  { server, account }: AccountKey,
): Promise<string> {
  const name = (await sha256Hex(`${server} ${account}`)).slice(0, 32);
  return join(folder, "locks", `${name}.lock`);
}

/**
 * Throws CredentialStoreError if `folder` cannot be written or locked. A login in the keychain
 * needs the index and the locks as well.
 */
export async function tryAccounts(folder: string, signal: AbortSignal): Promise<void> {
  const path = indexPath(folder);
  await wrapStoreErrors(unusable(path), async () => {
    await withFileLock(indexLockPath(folder), { signal }, () => checkPrivateFolderWritable(folder));
    readPrivateFile(path);
  });
}

async function update(
  folder: string,
  signal: AbortSignal,
  change: (index: AccountIndex) => AccountIndex,
): Promise<AccountIndex> {
  const path = indexPath(folder);
  return await wrapStoreErrors(
    unusable(path),
    () =>
      withFileLock(indexLockPath(folder), { signal }, async () => {
        let damaged = false;
        const index = await readAccounts(folder, () => damaged = true);
        // It may name keychain entries that nothing else names: keep it.
        if (damaged) await setAside(path);
        const { accounts, active } = change(index);
        const next: AccountIndex = { accounts, active: knownActive(accounts, active) };
        await writePrivateFile(path, `${JSON.stringify(next, undefined, 2)}\n`);
        return next;
      }),
  );
}

function indexLockPath(folder: string): string {
  return join(folder, "locks", "accounts.lock");
}

function unusable(path: string): string {
  return `The list of logins ${path} cannot be used`;
}

function indexPath(folder: string): string {
  return join(folder, "accounts.json");
}

function sameLogin(a: AccountKey, b: AccountKey): boolean {
  return a.server === b.server && a.account === b.account;
}

/** `active` if it is in the index; else the only login, if there is only one. */
function knownActive(accounts: Account[], active: AccountKey | undefined): AccountKey | undefined {
  if (active && accounts.some((entry) => sameLogin(entry, active))) return active;
  if (accounts.length !== 1) return undefined;
  return { server: accounts[0].server, account: accounts[0].account };
}

function parseIndex(text: string): AccountIndex | undefined {
  try {
    const { accounts, active } = Object(JSON.parse(text));
    if (!Array.isArray(accounts) || !accounts.every(isAccount)) return undefined;
    return { accounts, active: knownActive(accounts, active) };
  } catch {
    return undefined;
  }
}

function isAccount(value: unknown): value is Account {
  const { server, account, subject, store, scope, name = "", loggedInAt, resources = [] } = Object(
    value,
  );
  return [server, account, subject, scope, name].every((value) => typeof value === "string") &&
    (store === "keychain" || store === "file") && Number.isFinite(loggedInAt) &&
    Array.isArray(resources) && resources.every((name) => typeof name === "string");
}
