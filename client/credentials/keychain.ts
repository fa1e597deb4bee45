/** Credentials in the operating system's keychain. */

/** A keychain's entries for our service, by user name. Failures are thrown as KeychainUnavailable. */
export interface KeychainBackend {
  get(user: string): Promise<Uint8Array | undefined>;
  set(user: string, secret: Uint8Array): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(user: string): Promise<void>;
}
