import { dirname } from "node:path";
import type { ConfigFile } from "./config_file.ts";
import { permissionProblem, type Readers } from "./file_permissions.ts";
import type { ConfigProblem } from "./problem.ts";
import { settings } from "./schema.ts";
import type { ServerConfig } from "./server_config.ts";
import { isPostgresUrl, parsePostgresUrl } from "../store/db/postgres_url.ts";
import { embeddedFolder } from "../store/embedded/embedded.ts";

/**
 * Problems of the files and folders that the server's secrets depend on: mostly that other users
 * of this machine may read or change them, with the command that fixes it.
 */
export async function checkFiles(
  { dataDir, databaseUrl, tls, caFile, signingKeyCommand, applyFile }: Pick<
    ServerConfig,
    "dataDir" | "databaseUrl" | "tls" | "caFile" | "signingKeyCommand" | "applyFile"
  >,
  configFile: ConfigFile,
): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const check = async (subject: string, path: string, readers: Readers): Promise<boolean> => {
    const message = await permissionProblem(path, readers);
    if (message === undefined) return true;
    problems.push({ code: "insecure_permissions", subject, message });
    return false;
  };
  // A user who may change it decides whom the server trusts; a group may read it.
  if (configFile.path !== undefined) {
    const readers = holdsSecrets(configFile) ? "group" : "everyone";
    await check("config file", configFile.path, readers);
  }
  if (tls !== undefined) await check("tls_key", tls.keyFile, "group");
  if (signingKeyCommand !== undefined) {
    await check("signing_key_command", signingKeyCommand[0], "everyone");
  }
  // Who may change it decides who is an administrator.
  if (applyFile) await check("apply_file", applyFile, "everyone");
  // Who may change it can impersonate every issuer that the server trusts.
  if (caFile) await check("ca_file", caFile, "everyone");
  if (databaseUrl !== undefined && isPostgresUrl(databaseUrl)) {
    const { key, rootCertificate } = parsePostgresUrl(databaseUrl).tls;
    if (key) await check("sslkey in database_url", key, "group");
    if (rootCertificate && rootCertificate !== "system") {
      await check("sslrootcert in database_url", rootCertificate, "everyone");
    }
  }
  if (databaseUrl !== undefined || dataDir === "") return problems;
  const file = await fileInPlaceOfFolder(dataDir);
  if (file !== undefined) {
    const message = `${file} is a file, not a folder.`;
    problems.push({ code: "not_a_folder", subject: "data_dir", message });
  } else if (await check("data_dir", dataDir, "owner")) {
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

/** Whether the file has secret settings, or URLs with a password. */
function holdsSecrets({ values }: ConfigFile): boolean {
  const isSecret = (name: string) =>
    settings.some((setting) => setting.name === name && setting.secret);
  return Object.entries(values).some(([name, { text: value }]) =>
    // A mail server may accept mail without a password.
    (isSecret(name) && !/^smtps?:\/\//.test(value)) || hasPassword(value)
  );
}

/** A password may itself contain an @. */
function hasPassword(url: string): boolean {
  const start = url.indexOf("://");
  if (start < 0) return false;
  const authority = url.slice(start + "://".length);
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf("@")));
  return user.includes(":") || authority.toLowerCase().includes("password=");
}
