import { EXIT } from "../../shared/exit_codes.ts";
import type { ClientIo } from "../io.ts";

/** The tokens of a login. */
export interface Credentials {
  accessToken: string;
  /** Expiry by this machine's clock: time of receipt plus `expires_in`, in ms since the epoch. */
  accessTokenExpiresAt: number;
  /** `expires_in` in ms: detects that the clock was changed. Earlier versions did not store it. */
  accessTokenLifetime?: number;
  /** Granted scope (RFC 6749 section 5.1). */
  scope: string;
  /** The name of the login as the server has it: its user may change it there. */
  loginName?: string;
  /** Absent if the server granted no `offline_access`. */
  refreshToken?: string;
}

/** A token that a command requested beside the login's own. */
export type RequestedToken = Omit<Credentials, "loginName" | "refreshToken">;

/** Most of them that a login keeps; the next one replaces the one that expires first. */
export const MAX_REQUESTED_TOKENS = 16;

/** An account on a server, which is named by its issuer URL. */
export interface AccountKey {
  server: string;
  account: string;
}

/** Throws CredentialStoreError. */
export interface CredentialStore {
  readonly kind: "keychain" | "file";
  /** For users: "the system keychain", or the path of the file. */
  readonly description: string;
  get(key: AccountKey): Promise<Credentials | undefined>;
  set(key: AccountKey, credentials: Credentials): Promise<void>;
  /**
   * Writes and deletes a test entry. Called before a user approves a login and before a refresh
   * token is used, so that the result can be stored.
   */
  checkWritable(): Promise<void>;
  /** Also deletes the requested tokens. Does nothing if there is no entry. */
  delete(key: AccountKey): Promise<void>;
  /** `id` is in hexadecimal and names what was requested. */
  getRequested(key: AccountKey, id: string): Promise<RequestedToken | undefined>;
  /**
   * Also deletes those that expired by `now`, and more if there are too many. The caller holds the
   * login's lock.
   */
  setRequested(key: AccountKey, id: string, token: RequestedToken, now: number): Promise<void>;
  deleteRequested(key: AccountKey): Promise<void>;
}

export type StoreIo = Pick<ClientIo, "env" | "platform" | "stderr">;

/** The store cannot be read or written; `message` has the next step, and contains no secret. */
export class CredentialStoreError extends Error {
  override readonly name = "CredentialStoreError";
  readonly code = "credential_store";
  readonly exitCode = EXIT.credentialStore;
}
