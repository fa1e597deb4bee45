import type { ServerConfig } from "./config.ts";
import type { ConfigFile } from "./config_file.ts";
import { permissionProblem, type Readers } from "./file_permissions.ts";
import { settings } from "./settings.ts";
import { embeddedFolder } from "./store/embedded.ts";

/**
 * The files and folders that the server's secrets depend on, as far as other users of
 * this machine may read or change them: a line for each, with the command that fixes it.
 */
export async function checkPermissions(
  { dataDir, databaseUrl, tls }: Pick<ServerConfig, "dataDir" | "databaseUrl" | "tls">,
  file: ConfigFile,
): Promise<string[]> {
  const problems: string[] = [];
  const check = async (name: string, path: string, readers: Readers): Promise<boolean> => {
    const problem = await permissionProblem(path, readers);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
    return problem === undefined;
  };
  // Whoever may change it decides whom the server trusts; a group is often let read it.
  if (file.path !== undefined) {
    await check("config file", file.path, holdsSecrets(file) ? "group" : "everyone");
  }
  if (tls !== undefined) await check("tls_key", tls.keyFile, "group");
  if (databaseUrl === undefined && await check("data_dir", dataDir, "owner")) {
    await check("data_dir", embeddedFolder(dataDir), "owner");
  }
  return problems;
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
