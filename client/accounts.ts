/**
 * The logins this client remembers: which servers and accounts, which one is
 * active, and where each one's credentials lie. It holds no secret. Keychains
 * cannot be relied on to list what is in them, so this file is the index.
 */
import { join } from "node:path";
import type { AccountKey, CredentialStore } from "./credentials/credential_store.ts";
import { withFileLock } from "./file_lock.ts";
import { readPrivateFile, writePrivateFile } from "./private_file.ts";

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

/** Reads the index in `folder`; empty if there is none. Throws CredentialStoreError. */
export async function readAccounts(folder: string): Promise<AccountIndex> {
  throw new Error(`not yet: ${folder} ${join} ${readPrivateFile}`);
}

/** Adds or replaces the login and makes it the active one. */
export async function rememberAccount(
  folder: string,
  account: Account,
  signal: AbortSignal,
): Promise<void> {
  throw new Error(`not yet: ${folder} ${account} ${signal} ${withFileLock} ${writePrivateFile}`);
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
  throw new Error(`not yet: ${folder} ${key} ${signal}`);
}

/** Makes the login active. False if it is not remembered (any more). */
export async function activateAccount(
  folder: string,
  key: AccountKey,
  signal: AbortSignal,
): Promise<boolean> {
  throw new Error(`not yet: ${folder} ${key} ${signal}`);
}

/** Path of the lock that keeps processes from renewing the same login at once. */
export function accountLockPath(folder: string, key: AccountKey): string {
  throw new Error(`not yet: ${folder} ${key}`);
}
