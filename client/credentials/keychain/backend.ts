/** What an operating system's keychain is to us: small secrets by name. */

/** The entries of our service, by user name. Failures are thrown as KeychainUnavailable. */
export interface KeychainBackend {
  get(user: string): Promise<Uint8Array | undefined>;
  set(user: string, secret: Uint8Array): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(user: string): Promise<void>;
}

/** Why the keychain cannot be used: a clause for a sentence, without a secret in it. */
export class KeychainUnavailable extends Error {
  override readonly name = "KeychainUnavailable";
}
