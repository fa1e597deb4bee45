/** Which store keeps a login's credentials, and what becomes of the other one's. */
import type { Account } from "../accounts.ts";
import type { ClientIo } from "../client_io.ts";
import type { AccountKey, CredentialStore } from "./credential_store.ts";
import type { KeychainBackend } from "./keychain.ts";

/** What stores touch outside themselves. */
export type StoreIo = Pick<ClientIo, "env" | "platform" | "stderr">;

export interface ChosenStore {
  store: CredentialStore;
  /** Whole lines for a person: why the store is not the secure one, and how to get that. */
  warning?: string;
}

/**
 * The store for a new login: the keychain if it takes, gives back and deletes a
 * throw-away entry within 3 s, else a file. With `insecureStorage` the keychain
 * add-on is not even loaded. Throws CredentialStoreError if neither can be used.
 */
export async function chooseStore(
  options: { insecureStorage: boolean },
  io: StoreIo,
  keychain?: KeychainBackend,
): Promise<ChosenStore> {
  throw new Error(`not yet: ${options} ${io} ${keychain}`);
}

/** The store a login was put in, by `Account.store`; the add-on is loaded on first use. */
export function openStore(
  kind: CredentialStore["kind"],
  io: StoreIo,
  keychain?: KeychainBackend,
): CredentialStore {
  throw new Error(`not yet: ${kind} ${io} ${keychain}`);
}

/**
 * Deletes what an earlier login left for `key` in the store that is not in use
 * now, so that it cannot come to light again. A file always; from the keychain
 * only if `earlier` says that it has an entry. Never throws: true if an entry may
 * still lie in the keychain, to be kept as `Account.leftInKeychain`.
 */
export async function deleteStaleEntry(
  key: AccountKey,
  inUse: CredentialStore,
  earlier: Account | undefined,
  io: StoreIo,
  keychain?: KeychainBackend,
): Promise<boolean> {
  throw new Error(`not yet: ${key} ${inUse} ${earlier} ${io} ${keychain}`);
}
