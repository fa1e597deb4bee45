/** Credentials in files that only their owner can read, for systems without a keychain. */
import { join } from "../../shared/path.ts";
import { configFolder } from "./config_dir.ts";
import {
  checkPrivateFolder,
  checkPrivateFolderWritable,
  readPrivateFile,
  removePrivateFile,
  writePrivateFile,
} from "./secure_file.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  MAX_REQUESTED_TOKENS,
  type RequestedToken,
  type StoreIo,
} from "./store.ts";
import { parseCredentials } from "./credentials_json.ts";
import { restrictToOwner } from "./windows_acl.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { wrapStoreErrors } from "./wrap_store_errors.ts";

/**
 * One file per login, so that two logins renewed at the same time cannot overwrite each other.
 * Not encrypted: this user and root can read them.
 */
export class FileStore implements CredentialStore {
  readonly kind = "file";
  readonly description: string;
  private readonly folder: string;

  constructor(private readonly io: StoreIo) {
    this.folder = join(configFolder(io), "credentials");
    this.description = `a file in ${this.folder}, not encrypted`;
  }

  async get(key: AccountKey): Promise<Credentials | undefined> {
    const path = await this.path(key);
    return await wrapStoreErrors(cannotStore(path), () => {
      checkPrivateFolder(this.folder);
      const text = readPrivateFile(path);
      if (text === undefined) return undefined;
      const credentials = parseFile(text, key);
      if (credentials) return credentials;
      this.io.stderr(
        `Warning: the credentials file ${path} is damaged; this login counts as logged out.\n`,
      );
      return undefined;
    });
  }

  async set({ server, account }: AccountKey, credentials: Credentials): Promise<void> {
    const path = await this.path({ server, account });
    await wrapStoreErrors(cannotStore(path), async () => {
      checkPrivateFolder(this.folder);
      if (this.io.platform.os === "windows") await restrictToOwner(this.folder, this.io.env);
      const content = JSON.stringify({ server, account, ...credentials }, undefined, 2);
      await writePrivateFile(path, `${content}\n`);
    });
  }

  async checkWritable(): Promise<void> {
    await wrapStoreErrors(cannotStore(this.folder), async () => {
      checkPrivateFolder(this.folder);
      await checkPrivateFolderWritable(this.folder);
    });
  }

  async delete(key: AccountKey): Promise<void> {
    const path = await this.path(key);
    await wrapStoreErrors(cannotStore(path), () => removePrivateFile(path));
    await this.deleteRequested(key);
  }

  async getRequested(key: AccountKey, id: string): Promise<RequestedToken | undefined> {
    const path = await this.path(key, REQUESTED);
    return (await this.readRequested(path, key)).get(id);
  }

  async setRequested(
    { server, account }: AccountKey,
    id: string,
    token: RequestedToken,
    now: number,
  ): Promise<void> {
    const path = await this.path({ server, account }, REQUESTED);
    const stored = await this.readRequested(path, { server, account });
    stored.delete(id);
    const others = [...stored].filter(([, { accessTokenExpiresAt }]) => accessTokenExpiresAt > now)
      .sort(([, a], [, b]) => b.accessTokenExpiresAt - a.accessTokenExpiresAt)
      .slice(0, MAX_REQUESTED_TOKENS - 1);
    await wrapStoreErrors(cannotStore(path), async () => {
      checkPrivateFolder(this.folder);
      if (this.io.platform.os === "windows") await restrictToOwner(this.folder, this.io.env);
      const content = JSON.stringify(
        { server, account, tokens: [[id, token], ...others] },
        undefined,
        2,
      );
      await writePrivateFile(path, `${content}\n`);
    });
  }

  async deleteRequested(key: AccountKey): Promise<void> {
    const path = await this.path(key, REQUESTED);
    await wrapStoreErrors(cannotStore(path), () => removePrivateFile(path));
  }

  /** A damaged file counts as empty: its tokens can be requested again. */
  private async readRequested(
    path: string,
    key: AccountKey,
  ): Promise<Map<string, RequestedToken>> {
    const text = await wrapStoreErrors(cannotStore(path), () => {
      checkPrivateFolder(this.folder);
      return readPrivateFile(path);
    });
    return parseRequested(text ?? "", key);
  }

  /** A hash, because server and account contain characters that file names cannot; the file names both. */
  private async path({ server, account }: AccountKey, suffix = ""): Promise<string> {
    const name = (await sha256Hex(`${server} ${account}`)).slice(0, 32);
    return join(this.folder, `${name}${suffix}.json`);
  }
}

/** The suffix of the file with the requested tokens of a login. */
const REQUESTED = "-requested";

function parseRequested(text: string, key: AccountKey): Map<string, RequestedToken> {
  try {
    const { server, account, tokens } = Object(JSON.parse(text));
    if (server !== key.server || account !== key.account || !Array.isArray(tokens)) {
      return new Map();
    }
    const entries = tokens.map(([id, token]): [string, RequestedToken | undefined] => [
      String(id),
      parseCredentials(token),
    ]);
    return new Map(entries.filter((entry): entry is [string, RequestedToken] => !!entry[1]));
  } catch {
    return new Map();
  }
}

function cannotStore(path: string): string {
  return `Credentials cannot be stored in ${path}`;
}

function parseFile(text: string, { server, account }: AccountKey): Credentials | undefined {
  try {
    const value = Object(JSON.parse(text));
    return value.server === server && value.account === account
      ? parseCredentials(value)
      : undefined;
  } catch {
    return undefined;
  }
}
