/** The folder for the index of logins and, without a keychain, credentials. */
import { join, resolve } from "../../shared/path.ts";
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import type { ClientIo } from "../io.ts";
import { CredentialStoreError } from "./store.ts";

/**
 * `${envPrefix}_CONFIG_DIR` if set; else `%APPDATA%\NAME` on Windows, and
 * `$XDG_CONFIG_HOME/NAME` or `~/.config/NAME` elsewhere, also on macOS, as gh does.
 * Undefined if neither the environment nor the user database names a folder.
 */
export function findConfigFolder(
  { env, platform }: Pick<ClientIo, "env" | "platform">,
): string | undefined {
  const chosen = env[`${brand.envPrefix}_CONFIG_DIR`];
  if (chosen) return resolve(chosen);
  const home = absoluteFolder(platform.homeFolder);
  const parent = platform.os === "windows"
    ? absoluteFolder(env.APPDATA) ?? (home && join(home, "AppData", "Roaming"))
    // XDG Base Directory Specification
    : absoluteFolder(env.XDG_CONFIG_HOME) ?? (home && join(home, ".config"));
  return parent && join(parent, brand.folderName);
}

/** The next step if the folder cannot be used. */
export const HOW_TO_CHANGE_FOLDER =
  `Fix that, or set ${brand.envPrefix}_CONFIG_DIR to another folder.`;

/** Throws CredentialStoreError if there is no folder. */
export function configFolder(io: Pick<ClientIo, "env" | "platform">): string {
  const folder = findConfigFolder(io);
  if (folder !== undefined) return folder;
  throw new CredentialStoreError(
    `Logins cannot be stored: this user has no home folder. ` +
      `Set HOME, or ${brand.envPrefix}_CONFIG_DIR to a folder that only you can read.`,
  );
}
