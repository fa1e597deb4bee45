/** The keychain of macOS or Windows, through a native add-on. */
import { brand } from "../../../shared/brand.ts";
import { KeychainUnavailable } from "./backend.ts";
import { loadKeychainAddOn } from "./native_addon.ts";
import type { AbortableKeychain } from "./time_limit.ts";

type AddOn = Awaited<ReturnType<typeof loadKeychainAddOn>>;
type Entry = InstanceType<AddOn["AsyncEntry"]>;

/** Loads the add-on on first use. Its calls run on another thread, and none can be aborted. */
export function addOnKeychain(): AbortableKeychain {
  let addOn: Promise<AddOn> | undefined;

  async function call<T>(user: string, work: (entry: Entry) => Promise<T>): Promise<T> {
    try {
      const { AsyncEntry } = await (addOn ??= loadKeychainAddOn());
      return await work(new AsyncEntry(brand.keychainService, user));
    } catch (error) {
      if (error instanceof KeychainUnavailable) throw error;
      // The add-on's messages name its own parts, never what is stored.
      const [reason] = String(error instanceof Error ? error.message : error).split("\n");
      throw new KeychainUnavailable(reason);
    }
  }

  return {
    async get(user) {
      const secret = await call<ArrayLike<number> | null | undefined>(
        user,
        (entry) => entry.getSecret(),
      );
      return secret ? Uint8Array.from(secret) : undefined;
    },
    set: (user, secret) => call(user, (entry) => entry.setSecret(secret)),
    async delete(user) {
      await call<unknown>(user, (entry) => entry.deleteCredential());
    },
  };
}
