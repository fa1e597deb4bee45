import { dirname } from "node:path";
import type { ServerConfig } from "./load.ts";
import type { ConfigFile } from "./config_file.ts";
import { permissionProblem, type Readers } from "./file_permissions.ts";
import { settings } from "./schema.ts";
import { isPostgresUrl, parsePostgresUrl } from "../store/db/postgres_url.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";

/**
 * What is wrong with the files and folders that the server's secrets depend on, a line for
 * each. Mostly that other users of this machine may read or change them, with the command
 * that fixes it.
 */
export async function checkFiles(
  { dataDir, databaseUrl, tls }: Pick<ServerConfig, "dataDir" | "databaseUrl" | "tls">,
  configFile: ConfigFile,
): Promise<string[]> {
  const problems: string[] = [];
  const check = async (name: string, path: string, readers: Readers): Promise<boolean> => {
    const problem = await permissionProblem(path, readers);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
    return problem === undefined;
  };
  // Whoever may change it decides whom the server trusts; a group is often let read it.
  if (configFile.path !== undefined) {
    const readers = holdsSecrets(configFile) ? "group" : "everyone";
    await check("config file", configFile.path, readers);
  }
  if (tls !== undefined) await check("tls_key", tls.keyFile, "group");
  if (databaseUrl !== undefined) {
    const clientKey = isPostgresUrl(databaseUrl) && parsePostgresUrl(databaseUrl).tls.key;
    if (clientKey) await check("sslkey in database_url", clientKey, "group");
  }
  if (databaseUrl !== undefined || dataDir === "") return problems;
  const file = await fileInPlaceOfFolder(dataDir);
  if (file !== undefined) problems.push(`data_dir: ${file} is a file, not a folder`);
  else if (await check("data_dir", dataDir, "owner")) {
    await check("data_dir", embeddedFolder(dataDir), "owner");
  }
  return problems;
}

/** A file at `path` or above it, where there should be a folder. */
async function fileInPlaceOfFolder(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? undefined : path;
  } catch (error) {
    const parent = dirname(path);
    const isMissing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    return isMissing && parent !== path ? await fileInPlaceOfFolder(parent) : undefined;
  }
}

/** Secret settings, and addresses with a password in them. */
function holdsSecrets({ values }: ConfigFile): boolean {
  const isSecret = (name: string) =>
    settings.some((setting) => setting.name === name && "secret" in setting);
  return Object.entries(values).some(([name, value]) =>
    // A mail server that takes mail without a password.
    (isSecret(name) && !/^smtps?:\/\//.test(value)) || hasPassword(value)
  );
}

/** The password may hold an @ itself. */
function hasPassword(address: string): boolean {
  const start = address.indexOf("://");
  if (start < 0) return false;
  const authority = address.slice(start + "://".length);
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  return user.includes(":") || authority.toLowerCase().includes("password=");
}
