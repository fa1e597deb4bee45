/** Which store keeps a login's credentials, and what becomes of the other one's. */
import type { Account } from "../auth/account_index.ts";
import type { AccountKey, CredentialStore, StoreIo } from "./store.ts";
import { FileStore } from "./file_store.ts";
import { KeychainStore } from "./keychain/keychain_store.ts";
import { type KeychainBackend, KeychainUnavailable } from "./keychain/backend.ts";
import { systemKeychain } from "./keychain/system_keychain.ts";
import { tryKeychain } from "./keychain/probe.ts";

export interface ChosenStore {
  store: CredentialStore;
  /** Whole lines for a person: why the store is not the secure one, and how to get that. */
  warning?: string;
}

/**
 * The store for a new login: the keychain if it takes, gives back and deletes a
 * throw-away entry within 3 s, else a file. With `insecureStorage` the keychain
 * add-on is not even loaded.
 */
export async function chooseStore(
  { insecureStorage }: { insecureStorage: boolean },
  io: StoreIo,
  keychain: KeychainBackend = systemKeychain(io),
): Promise<ChosenStore> {
  const file = new FileStore(io);
  if (insecureStorage) {
    return { store: file, warning: "Warning: credentials go to a file that is not encrypted.\n" };
  }
  try {
    await tryKeychain(keychain);
    return { store: new KeychainStore(keychain) };
  } catch (error) {
    if (!(error instanceof KeychainUnavailable)) throw error;
    return {
      store: file,
      warning: `Warning: secure storage is unavailable: ${error.message}.\n` +
        `Credentials go to a file that is not encrypted. To have them in the keychain instead:\n` +
        `${howToGetKeychain(io)}, then log in again.\n`,
    };
  }
}

/** The store a login was put in, by `Account.store`; the add-on is loaded on first use. */
export function openStore(
  kind: CredentialStore["kind"],
  io: StoreIo,
  keychain: KeychainBackend = systemKeychain(io),
): CredentialStore {
  return kind === "keychain" ? new KeychainStore(keychain) : new FileStore(io);
}

/**
 * Deletes what an earlier login left for `key` in the store that is not in use
 * now, so that it cannot come to light again. A file always; from the keychain only
 * if `earlier` says that it has an entry, for then a live refresh token lies there,
 * which is worse than loading the add-on once more after `--insecure-storage`.
 *
 * Never throws: true if an entry may still lie in the keychain, to be kept as
 * `Account.leftInKeychain`.
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
    const why = error instanceof Error ? error.message : String(error);
    io.stderr(`Warning: an older login's credentials could not be deleted. ${why}\n`);
    return inKeychain;
  }
}

function howToGetKeychain({ platform, env }: StoreIo): string {
  if (platform.os === "darwin") return "unlock the login keychain (security unlock-keychain)";
  if (platform.os === "windows") {
    return env.SSH_CONNECTION
      ? "use a desktop session, for Windows keeps nothing from an SSH session"
      : "use a desktop session with Windows Credential Manager";
  }
  return "unlock or start a Secret Service in this session (GNOME Keyring, KWallet, KeePassXC)";
}
