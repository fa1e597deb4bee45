/** Credentials in files that only their owner can read: where there is no keychain. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describeFileError } from "./file_error.ts";
import { configFolder, HOW_TO_CHANGE_FOLDER } from "./config_dir.ts";
import {
  checkPrivateFolder,
  InsecurePermissionsError,
  readPrivateFile,
  removePrivateFile,
  tryPrivateFolder,
  writePrivateFile,
} from "./secure_file.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
  type StoreIo,
} from "./store.ts";
import { parseCredentials } from "./credentials_json.ts";
import { keepToOwner } from "./windows_acl.ts";

/**
 * One file for each login, so that two logins renewed at once cannot overwrite
 * each other. Not encrypted: whoever is this user, or root, can read them.
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
    const path = this.path(key);
    return await explained(path, async () => {
      await checkPrivateFolder(this.folder);
      const text = await readPrivateFile(path);
      if (text === undefined) return undefined;
      const credentials = parseFile(text, key);
      if (credentials) return credentials;
      this.io.stderr(
        `Warning: the credentials file ${path} is damaged and counts as logged out.\n`,
      );
      return undefined;
    });
  }

  async set({ server, account }: AccountKey, credentials: Credentials): Promise<void> {
    const path = this.path({ server, account });
    await explained(path, async () => {
      await checkPrivateFolder(this.folder);
      if (this.io.platform.os === "windows") await keepToOwner(this.folder, this.io.env);
      const content = JSON.stringify({ server, account, ...credentials }, undefined, 2);
      await writePrivateFile(path, `${content}\n`);
    });
  }

  async tryOut(): Promise<void> {
    await explained(this.folder, async () => {
      await checkPrivateFolder(this.folder);
      await tryPrivateFolder(this.folder);
    });
  }

  async delete(key: AccountKey): Promise<void> {
    const path = this.path(key);
    await explained(path, () => removePrivateFile(path));
  }

  /** Server and account hold characters that file names cannot; the file itself names both. */
  private path({ server, account }: AccountKey): string {
    const name = createHash("sha256").update(`${server} ${account}`).digest("hex").slice(0, 32);
    return join(this.folder, `${name}.json`);
  }
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

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CredentialStoreError || !(error instanceof Error)) throw error;
    if (error instanceof InsecurePermissionsError) throw new CredentialStoreError(error.message);
    throw new CredentialStoreError(
      `Credentials cannot be kept in ${path}: ${describeFileError(error)}. ` +
        `${HOW_TO_CHANGE_FOLDER}`,
    );
  }
}
