import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";

/**
 * Stores, reads and deletes a throw-away entry: a constructor that succeeds proves
 * nothing. Throws KeychainUnavailable.
 */
export async function tryKeychain(keychain: KeychainBackend): Promise<void> {
  const user = `probe ${crypto.randomUUID()}`;
  const secret = crypto.getRandomValues(new Uint8Array(16));
  await keychain.set(user, secret);
  const found = await keychain.get(user);
  await keychain.delete(user);
  if (found?.length !== secret.length || !found.every((byte, index) => byte === secret[index])) {
    throw new KeychainUnavailable("it does not give back what was stored");
  }
}
