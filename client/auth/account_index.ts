/**
 * The logins this client remembers: which servers and accounts, which one is
 * active, and where each one's credentials lie. It holds no secret. Keychains
 * cannot be relied on to list what is in them, so this file is the index.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type AccountKey,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { describeFileError } from "../credentials/file_error.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import { HOW_TO_CHANGE_FOLDER } from "../credentials/config_dir.ts";
import {
  InsecurePermissionsError,
  readPrivateFile,
  setAside,
  tryPrivateFolder,
  writePrivateFile,
} from "../credentials/secure_file.ts";

/** One remembered login. */
export interface Account extends AccountKey {
  /** The `sub` that the server gave (OpenID Connect Core section 2). */
  subject: string;
  /** The store that keeps its credentials. */
  store: CredentialStore["kind"];
  /** Granted scope, as of the login. */
  scope: string;
  /** In milliseconds since 1970. */
  loggedInAt: number;
  /** An older login's entry may still lie in the keychain: it could not be deleted. */
  leftInKeychain?: boolean;
}

export interface AccountIndex {
  /** In the order of their logins, the latest last. */
  accounts: Account[];
  /** Which of `accounts` commands act on by default. */
  active?: AccountKey;
}

/**
 * Reads the index in `folder`; empty if there is none, or if it is damaged: then
 * nobody is logged in, and `warn` is told. Throws CredentialStoreError.
 */
export async function readAccounts(
  folder: string,
  warn: (text: string) => void,
): Promise<AccountIndex> {
  const path = indexPath(folder);
  return await explained(path, async () => {
    const text = await readPrivateFile(path);
    if (text === undefined) return { accounts: [] };
    const index = parseIndex(text);
    if (index) return index;
    warn(`Warning: the list of logins ${path} is damaged; nobody counts as logged in.\n`);
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
    accounts: [...accounts.filter((each) => !sameLogin(each, account)), account],
    active: { server, account: name },
  }));
}

/**
 * Forgets the login. If it was the active one, none is active afterwards, unless a
 * single login remains: a script must not get another account's token unasked.
 */
export async function forgetAccount(
  folder: string,
  key: AccountKey,
  signal: AbortSignal,
): Promise<void> {
  await update(folder, signal, (index) => ({
    ...index,
    accounts: index.accounts.filter((each) => !sameLogin(each, key)),
  }));
}

/** Makes the login active. False if it is not remembered (any more). */
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
      index.accounts.some((each) => sameLogin(each, key)) ? { ...index, active: key } : index,
  );
  return accounts.some((each) => sameLogin(each, key));
}

/** Path of the lock that keeps processes from renewing the same login at once. */
export function accountLockPath(folder: string, { server, account }: AccountKey): string {
  const name = createHash("sha256").update(`${server} ${account}`).digest("hex").slice(0, 32);
  return join(folder, "locks", `${name}.lock`);
}

/**
 * Rejects with CredentialStoreError if a login could not be remembered in `folder`, or
 * its locks not be taken. A login in the keychain needs both as well.
 */
export async function tryAccounts(folder: string, signal: AbortSignal): Promise<void> {
  const path = indexPath(folder);
  await explained(path, async () => {
    await withFileLock(indexLockPath(folder), { signal }, () => tryPrivateFolder(folder));
    await readPrivateFile(path);
  });
}

async function update(
  folder: string,
  signal: AbortSignal,
  change: (index: AccountIndex) => AccountIndex,
): Promise<AccountIndex> {
  const path = indexPath(folder);
  return await explained(
    path,
    () =>
      withFileLock(indexLockPath(folder), { signal }, async () => {
        let damaged = false;
        const index = await readAccounts(folder, () => damaged = true);
        // It may name entries in the keychain that nothing else knows of: not ours to destroy.
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

function indexPath(folder: string): string {
  return join(folder, "accounts.json");
}

function sameLogin(one: AccountKey, other: AccountKey): boolean {
  return one.server === other.server && one.account === other.account;
}

/** `active` if it is one of the logins; else the only one there is. */
function knownActive(accounts: Account[], active: AccountKey | undefined): AccountKey | undefined {
  if (active && accounts.some((each) => sameLogin(each, active))) return active;
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
  const { server, account, subject, store, scope, loggedInAt } = Object(value);
  return [server, account, subject, scope].every((each) => typeof each === "string") &&
    (store === "keychain" || store === "file") && Number.isFinite(loggedInAt);
}

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InsecurePermissionsError) throw new CredentialStoreError(error.message);
    // What the operating system refuses; everything else has its own words already.
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new CredentialStoreError(
      `The list of logins ${path} cannot be used: ${describeFileError(error)}. ` +
        `${HOW_TO_CHANGE_FOLDER}`,
    );
  }
}
