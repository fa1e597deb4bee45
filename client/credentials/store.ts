import type { ClientIo } from "../io.ts";

/** What a login leaves behind for one account on one server. */
export interface Credentials {
  accessToken: string;
  /** When the access token ends by this machine's clock: receipt plus `expires_in`, in ms. */
  accessTokenExpiresAt: number;
  /** `expires_in` in ms: shows that the clock was changed. Earlier versions did not keep it. */
  accessTokenLifetime?: number;
  /** Granted scope (RFC 6749 section 5.1). */
  scope: string;
  /** Absent if the server granted no `offline_access`. */
  refreshToken?: string;
}

/** Whose credentials: one account on one server (its issuer URL). */
export interface AccountKey {
  server: string;
  account: string;
}

/** A place that keeps credentials. Failures are thrown as CredentialStoreError. */
export interface CredentialStore {
  readonly kind: "keychain" | "file";
  /** As told to people: "the system keychain", or the file's path. */
  readonly description: string;
  get(key: AccountKey): Promise<Credentials | undefined>;
  set(key: AccountKey, credentials: Credentials): Promise<void>;
  /**
   * Stores and deletes a throw-away entry: rejects if credentials could not be stored now,
   * which must be known before anyone approves a login or a refresh token is used.
   */
  tryOut(): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(key: AccountKey): Promise<void>;
}

/** What stores touch outside themselves. */
export type StoreIo = Pick<ClientIo, "env" | "platform" | "stderr">;

/** The store cannot be read or written; `message` says what to do next and holds no secret. */
export class CredentialStoreError extends Error {
  override readonly name = "CredentialStoreError";
}
