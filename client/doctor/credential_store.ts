/** Checks of where the credentials are stored. */
import { brand } from "../../shared/brand.ts";
import { tryAccounts } from "../auth/account_index.ts";
import { findConfigFolder, HOW_TO_CHANGE_FOLDER } from "../credentials/config_dir.ts";
import { type KeychainBackend, KeychainUnavailable } from "../credentials/keychain/backend.ts";
import { tryKeychain } from "../credentials/keychain/probe.ts";
import { howToGetKeychain } from "../credentials/select.ts";
import { CredentialStoreError } from "../credentials/store.ts";
import type { ClientIo } from "../io.ts";
import { failed, type Finding, ok, problem, warning } from "../../shared/finding.ts";

export async function folderFinding(io: ClientIo): Promise<Finding> {
  const check = "folder";
  const folder = findConfigFolder(io);
  if (folder === undefined) {
    return warning(
      check,
      "logins cannot be stored: this user has no home folder",
      `Set HOME, or ${brand.envPrefix}_CONFIG_DIR to a folder that only you can read.`,
    );
  }
  try {
    // Trying it would create it.
    if (!(await Deno.stat(folder)).isDirectory) {
      return problem(check, `${folder} is a file, not a folder`, HOW_TO_CHANGE_FOLDER);
    }
    await tryAccounts(folder, io.signal);
    return ok(check, `${folder} can be written`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return ok(check, `${folder} does not exist yet; the first login creates it`);
    }
    if (error instanceof CredentialStoreError) return failed(check, error.message);
    return problem(check, `${folder} cannot be read`, HOW_TO_CHANGE_FOLDER);
  }
}

/** Stores, reads and deletes a test entry. */
export async function keychainFinding(
  io: ClientIo,
  keychain: KeychainBackend,
): Promise<Finding> {
  const check = "keychain";
  // With it, no command opens the keychain.
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    return ok(check, `not opened, because ${brand.envPrefix}_TOKEN is set`);
  }
  try {
    await tryKeychain(keychain);
    return ok(check, "the system keychain stored, returned and deleted a test entry");
  } catch (error) {
    if (!(error instanceof KeychainUnavailable)) throw error;
    return warning(
      check,
      `the system keychain is unavailable: ${error.message}; new logins are stored in a file ` +
        "that is not encrypted",
      `To use the keychain, ${howToGetKeychain(io)}, then log in again.`,
    );
  }
}
