import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";

/** Stores, reads and deletes a test entry. Throws KeychainUnavailable. */
export async function tryKeychain(keychain: KeychainBackend): Promise<void> {
  const user = `probe ${crypto.randomUUID()}`;
  const secret = crypto.getRandomValues(new Uint8Array(16));
  await keychain.set(user, secret);
  const stored = await keychain.get(user);
  await keychain.delete(user);
  if (stored?.length !== secret.length || !stored.every((byte, index) => byte === secret[index])) {
    throw new KeychainUnavailable("it does not return what was stored");
  }
}
