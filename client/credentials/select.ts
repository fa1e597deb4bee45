/** Selects the store for a login's credentials. */
import type { Account } from "../auth/account_index.ts";
import type { AccountKey, CredentialStore, StoreIo } from "./store.ts";
import { FileStore } from "./file_store.ts";
import { KeychainStore } from "./keychain/keychain_store.ts";
import { type KeychainBackend, KeychainUnavailable } from "./keychain/backend.ts";
import { systemKeychain } from "./keychain/system_keychain.ts";
import { tryKeychain } from "./keychain/probe.ts";

export interface ChosenStore {
  store: CredentialStore;
  /** Whole lines: why the store is not the keychain, and how to use it. */
  warning?: string;
}

/**
 * The store for a new login: the keychain if a test entry can be written, read and deleted
 * within 3 s, else a file. With `insecureStorage` the keychain add-on is not loaded.
 */
export async function chooseStore(
  { insecureStorage }: { insecureStorage: boolean },
  io: StoreIo,
  keychain: KeychainBackend = systemKeychain(io),
): Promise<ChosenStore> {
  const file = new FileStore(io);
  if (insecureStorage) {
    return {
      store: file,
      warning: "Warning: credentials are stored in a file that is not encrypted.\n",
    };
  }
  try {
    await tryKeychain(keychain);
    return { store: new KeychainStore(keychain) };
  } catch (error) {
    if (!(error instanceof KeychainUnavailable)) throw error;
    return {
      store: file,
      warning: `Warning: no keychain: ${error.message}. Using an unencrypted file.\n` +
        `For a keychain, ${howToGetKeychain(io)} and log in again.\n`,
    };
  }
}

/** The store of a login, by `Account.store`. The keychain add-on is loaded on first use. */
export function openStore(
  kind: CredentialStore["kind"],
  io: StoreIo,
  keychain: KeychainBackend = systemKeychain(io),
): CredentialStore {
  return kind === "keychain" ? new KeychainStore(keychain) : new FileStore(io);
}

/**
 * Deletes what an earlier login left for `key` in the other store: always from the file, from
 * the keychain only if `earlier` says that it has an entry, because that loads the add-on.
 *
 * Never throws. True if an entry may be left in the keychain: see `Account.leftInKeychain`.
 */
export async function deleteStaleEntry(
  key: AccountKey,
  inUse: CredentialStore,
  earlier: Account | undefined,
  io: StoreIo,
  keychain: KeychainBackend = systemKeychain(io),
): Promise<boolean> {
  const inKeychain = inUse.kind === "file" &&
    (earlier?.store === "keychain" || earlier?.leftInKeychain === true);
  if (inUse.kind === "file" && !inKeychain) return false;
  try {
    await openStore(inKeychain ? "keychain" : "file", io, keychain).delete(key);
    return false;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    io.stderr(`Warning: an older login's credentials could not be deleted. ${reason}\n`);
    return inKeychain;
  }
}

/** What makes a keychain available, as the start of a sentence about what to do. */
export function howToGetKeychain({ platform, env }: StoreIo): string {
  if (platform.os === "darwin") return "unlock the login keychain (security unlock-keychain)";
  if (platform.os === "windows") {
    return env.SSH_CONNECTION
      ? "use a desktop session (an SSH session cannot store in it)"
      : "use a desktop session with Windows Credential Manager";
  }
  return "start or unlock GNOME Keyring or KWallet";
}
