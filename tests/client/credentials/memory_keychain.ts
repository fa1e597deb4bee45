import {
  type KeychainBackend,
  KeychainUnavailable,
} from "../../../client/credentials/keychain/backend.ts";

export interface MemoryKeychain extends KeychainBackend {
  entries: Map<string, Uint8Array>;
  /** Changes fail after this many. */
  changesLeft: number;
}

/** A keychain that holds 2,560 bytes an entry, as Windows Credential Manager does. */
export function memoryKeychain(): MemoryKeychain {
  const entries = new Map<string, Uint8Array>();
  const change = () => {
    if (keychain.changesLeft-- <= 0) throw new KeychainUnavailable("it has been taken away");
  };
  const keychain: MemoryKeychain = {
    entries,
    changesLeft: Infinity,
    get: (user) => Promise.resolve(entries.get(user)),
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    async set(user, secret) {
      change();
      if (secret.length > 2560) {
        throw new KeychainUnavailable(`${secret.length} bytes are too many`);
      }
      entries.set(user, secret);
    },
    // deno-lint-ignore require-await -- as above
    async delete(user) {
      change();
      entries.delete(user);
    },
  };
  return keychain;
}
