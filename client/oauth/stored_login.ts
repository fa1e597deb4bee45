/** The stored credentials of a login, and the lock for renewing them. */
import { toLoginName } from "../../shared/login_name.ts";
import type { ClientIo } from "../io.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import type { TokenEndpointResponse } from "./token_endpoint.ts";

export interface LoginStore {
  store: CredentialStore;
  /** Runs `critical` while no other process of this user renews the same login. */
  withLock<T>(key: AccountKey, critical: () => Promise<T>): Promise<T>;
}

/** The credentials of a token response; `earlier` has what a renewal does not repeat. */
export function credentialsFrom(
  { tokens, receivedAt }: Extract<TokenEndpointResponse, { kind: "tokens" }>,
  earlier: Pick<Credentials, "scope" | "refreshToken" | "loginName">,
): Credentials {
  const lifetime = tokens.expires_in * 1000;
  const loginName = toLoginName(tokens.login_name) ?? earlier.loginName;
  return {
    accessToken: tokens.access_token,
    accessTokenExpiresAt: receivedAt + lifetime,
    accessTokenLifetime: lifetime,
    scope: tokens.scope || earlier.scope,
    ...loginName !== undefined && { loginName },
    // RFC 6749 section 6: a server need not rotate the refresh token.
    refreshToken: tokens.refresh_token ?? earlier.refreshToken,
  };
}

/** Stores renewed credentials. A failure is only a warning: the command has its token. */
export async function storeRenewed(
  key: AccountKey,
  credentials: Credentials,
  store: CredentialStore,
  { stderr }: Pick<ClientIo, "stderr">,
): Promise<void> {
  try {
    await store.set(key, credentials);
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    // For the stored refresh token, the server returns the same successor again.
    stderr(`Warning: the renewed token could not be stored. ${error.message}\n`);
  }
}

/** Deletes credentials that the server no longer accepts. A failure is only a warning. */
export async function deleteExpired(
  key: AccountKey,
  store: CredentialStore,
  { stderr }: Pick<ClientIo, "stderr">,
): Promise<void> {
  try {
    await store.delete(key);
  } catch (error) {
    if (!(error instanceof CredentialStoreError)) throw error;
    stderr(`Warning: the expired credentials could not be deleted. ${error.message}\n`);
  }
}
