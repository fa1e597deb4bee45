/**
 * Credentials in the operating system's keychain, as two entries for each login:
 * `access_token` and `refresh_token`.
 */
import { brand } from "../../../shared/brand.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../store.ts";
import { parseCredentials } from "../credentials_json.ts";
import { type KeychainBackend, KeychainUnavailable } from "./backend.ts";
import { deleteValue, readValue, writeValue } from "./chunked_secret.ts";
import { tryKeychain } from "./probe.ts";

export class KeychainStore implements CredentialStore {
  readonly kind = "keychain";
  readonly description = "the system keychain";

  constructor(private readonly keychain: KeychainBackend) {}

  async get(key: AccountKey): Promise<Credentials | undefined> {
    return await wrapKeychainErrors(async () => {
      const access = await readValue(this.keychain, entryName("access_token", key));
      if (access === undefined) return undefined;
      const refresh = await readValue(this.keychain, entryName("refresh_token", key));
      return parseCredentials({ ...jsonObject(access), ...jsonObject(refresh) });
    });
  }

  async set(key: AccountKey, credentials: Credentials): Promise<void> {
    const { refreshToken, ...access } = credentials;
    await wrapKeychainErrors(async () => {
      // The refresh token first: killed after it, the next renewal still works.
      if (refreshToken !== undefined) {
        const value = JSON.stringify({ refreshToken });
        await writeValue(this.keychain, entryName("refresh_token", key), value);
      }
      await writeValue(this.keychain, entryName("access_token", key), JSON.stringify(access));
      if (refreshToken === undefined) {
        await deleteValue(this.keychain, entryName("refresh_token", key));
      }
    });
  }

  async checkWritable(): Promise<void> {
    await wrapKeychainErrors(() => tryKeychain(this.keychain));
  }

  async delete(key: AccountKey): Promise<void> {
    await wrapKeychainErrors(async () => {
      await deleteValue(this.keychain, entryName("refresh_token", key));
      await deleteValue(this.keychain, entryName("access_token", key));
    });
  }
}

/** Neither kind nor server has a space, so no two logins share a name. */
function entryName(kind: "access_token" | "refresh_token", { server, account }: AccountKey) {
  return `${kind} ${server} ${account}`;
}

function jsonObject(text: string | undefined): object {
  try {
    return Object(JSON.parse(text ?? "{}"));
  } catch {
    return {};
  }
}

async function wrapKeychainErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KeychainUnavailable)) throw error;
    throw new CredentialStoreError(
      `The system keychain cannot be used: ${error.message}. Unlock it or start it, then try ` +
        `again; or store credentials in a file: ${brand.binaryName} login --insecure-storage`,
    );
  }
}
