/**
 * The file with the hosts of the credential helpers and what `auth install` changed. It contains
 * no secret, but decides where tokens are sent: it is rejected if others can change it.
 */
import { join } from "../../shared/path.ts";
import { brand } from "../../shared/brand.ts";
import { configFolder, findConfigFolder } from "../credentials/config_dir.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import { readPrivateFile, writePrivateFile } from "../credentials/secure_file.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import { wrapStoreErrors } from "../credentials/wrap_store_errors.ts";
import type { ClientIo } from "../io.ts";
import type { HostEntry } from "./host_list.ts";

/** What `auth install NAME` put into the files of a program. */
export interface InstalledHelper {
  name: string;
  /** The file that `--file` named. */
  file?: string;
  changes: InstalledChange[];
}

export type InstalledChange =
  & {
    path: string;
    /** Folders that were created for the file, the innermost first. */
    folders: string[];
  }
  & (
    /** Text that was inserted into a file, in the order of insertion. */
    | { kind: "edit"; inserted: string[]; created: boolean }
    /** A link to this program. */
    | { kind: "link"; program: string }
    /** A script that starts this program. */
    | { kind: "script"; text: string }
  );

export interface HelperState {
  hosts: HostEntry[];
  installed: InstalledHelper[];
}

type StoreIo = Pick<ClientIo, "env" | "platform">;

/** Empty if there is no file. Throws CredentialStoreError. */
export async function readHelpers(io: StoreIo): Promise<HelperState> {
  const folder = findConfigFolder(io);
  return folder === undefined ? { hosts: [], installed: [] } : await read(statePath(folder));
}

/** Runs `change` while no other process changes the state; `save` replaces it. */
export async function changeHelpers<T>(
  io: StoreIo & Pick<ClientIo, "signal">,
  change: (state: HelperState, save: (next: HelperState) => Promise<void>) => Promise<T>,
): Promise<T> {
  const folder = configFolder(io);
  const path = statePath(folder);
  const lock = join(folder, "locks", "helpers.lock");
  const save = (next: HelperState) =>
    wrapStoreErrors(
      unusable(path),
      () => writePrivateFile(path, `${JSON.stringify(next, undefined, 2)}\n`),
    );
  return await withFileLock(
    lock,
    { signal: io.signal },
    async () => await change(await read(path), save),
  );
}

async function read(path: string): Promise<HelperState> {
  return await wrapStoreErrors(unusable(path), () => {
    const text = readPrivateFile(path);
    if (text === undefined) return { hosts: [], installed: [] };
    const state = parse(text);
    if (state !== undefined) return state;
    throw new CredentialStoreError(
      `${path} is damaged. Rename it, then add the hosts again: ` +
        `${brand.binaryName} auth hosts add`,
    );
  });
}

function statePath(folder: string): string {
  return join(folder, "helpers.json");
}

function unusable(path: string): string {
  return `The list of hosts ${path} cannot be used`;
}

function parse(text: string): HelperState | undefined {
  try {
    const { hosts, installed } = Object(JSON.parse(text));
    const valid = Array.isArray(hosts) && hosts.every(isHost) &&
      Array.isArray(installed) && installed.every(isInstalled);
    return valid ? { hosts, installed } : undefined;
  } catch {
    return undefined;
  }
}

function isHost(value: unknown): value is HostEntry {
  const {
    host,
    server = "",
    account = "",
    user = "",
    resource = "",
    exchange = false,
    scope = [],
  } = Object(value);
  return [host, server, account, user, resource].every((field) => typeof field === "string") &&
    typeof exchange === "boolean" &&
    Array.isArray(scope) && scope.every((name) => typeof name === "string");
}

function isInstalled(value: unknown): value is InstalledHelper {
  const { name, file = "", changes } = Object(value);
  return typeof name === "string" && typeof file === "string" && Array.isArray(changes) &&
    changes.every(isChange);
}

function isChange(value: unknown): value is InstalledChange {
  const { kind, path, folders, inserted, created, program, text } = Object(value);
  const isText = (value: unknown) => typeof value === "string";
  if (!isText(path) || !Array.isArray(folders) || !folders.every(isText)) return false;
  switch (kind) {
    case "edit":
      return Array.isArray(inserted) && inserted.every(isText) && typeof created === "boolean";
    case "link":
      return isText(program);
    case "script":
      return isText(text);
    default:
      return false;
  }
}
