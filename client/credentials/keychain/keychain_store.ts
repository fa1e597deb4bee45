/**
 * Credentials in the operating system's keychain, as two entries for each login:
 * `access_token` and `refresh_token`. Requested tokens have an entry each, which fits into every
 * keychain, and one that lists them, since not every keychain can list its entries.
 */
import { brand } from "../../../shared/brand.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
  MAX_REQUESTED_TOKENS,
  type RequestedToken,
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
    await this.deleteRequested(key);
  }

  async getRequested(key: AccountKey, id: string): Promise<RequestedToken | undefined> {
    return await wrapKeychainErrors(async () => {
      const token = await readValue(this.keychain, entryName(`requested_token/${id}`, key));
      return parseCredentials(jsonObject(token));
    });
  }

  async setRequested(
    key: AccountKey,
    id: string,
    token: RequestedToken,
    now: number,
  ): Promise<void> {
    await wrapKeychainErrors(async () => {
      const own = { id, expiresAt: token.accessTokenExpiresAt };
      const others = (await this.#listRequested(key)).filter((entry) => entry.id !== id);
      // The list first: killed after it, no entry is left that nothing lists.
      await this.#writeList(key, [own, ...others]);
      const name = entryName(`requested_token/${id}`, key);
      await writeValue(this.keychain, name, JSON.stringify(token));
      const kept = others.filter(({ expiresAt }) => expiresAt > now)
        .sort((a, b) => b.expiresAt - a.expiresAt).slice(0, MAX_REQUESTED_TOKENS - 1);
      if (kept.length === others.length) return;
      for (const entry of others.filter((entry) => !kept.includes(entry))) {
        await deleteValue(this.keychain, entryName(`requested_token/${entry.id}`, key));
      }
      await this.#writeList(key, [own, ...kept]);
    });
  }

  async deleteRequested(key: AccountKey): Promise<void> {
    await wrapKeychainErrors(async () => {
      const listed = await this.#listRequested(key);
      for (const { id } of listed) {
        await deleteValue(this.keychain, entryName(`requested_token/${id}`, key));
      }
      if (listed.length > 0) await deleteValue(this.keychain, entryName("requested_tokens", key));
    });
  }

  async #listRequested(key: AccountKey): Promise<ListedToken[]> {
    const list = await readValue(this.keychain, entryName("requested_tokens", key));
    const { tokens } = Object(jsonObject(list));
    return Array.isArray(tokens) ? tokens.filter(isListedToken) : [];
  }

  async #writeList(key: AccountKey, tokens: readonly ListedToken[]): Promise<void> {
    const name = entryName("requested_tokens", key);
    await writeValue(this.keychain, name, JSON.stringify({ tokens }));
  }
}

/** An entry of the list of requested tokens, which has no secret. */
interface ListedToken {
  id: string;
  expiresAt: number;
}

function isListedToken(value: unknown): value is ListedToken {
  const { id, expiresAt } = Object(value);
  return typeof id === "string" && Number.isFinite(expiresAt);
}

/** Neither kind nor server has a space, so no two logins share a name. */
function entryName(kind: string, { server, account }: AccountKey): string {
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
