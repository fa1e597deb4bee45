/** Names in the database, for the completion of operators' commands. */
import { withTimeout } from "../../shared/deadline.ts";
import { callAdminRpc } from "../admin/rpc.ts";
import { runOperation } from "../admin/run_operation.ts";
import type { OperationName, OperationParams } from "../admin/operations.ts";
import { loadAdminConfig } from "../config/load.ts";
import type { ServerIo } from "../io.ts";

/** Someone waits at the keyboard. */
const TIMEOUT_MS = 1000;
const MAX_NAMES = 200;
const PLAIN_WORD = /^[\p{L}\p{N}][\p{L}\p{N}_@+:./-]*$/u;

/** By group of `admin`: the operation that lists its names. Those of `add` are new. */
const LISTS: Record<string, [operation: OperationName, params: unknown, key: string]> = {
  trust: ["listAllTrustRules", {}, "name"],
  "service-account": ["listAllServiceAccounts", {}, "name"],
  client: ["listAllClients", {}, "id"],
  scim: ["listAllDirectories", {}, "name"],
  idp: ["listIdentityProviders", {}, "name"],
  resource: ["listAllResources", {}, "name"],
  group: ["listAllGroups", {}, "name"],
  user: ["listMatchingUsers", { limit: MAX_NAMES }, "email"],
};

/** Arguments that name the same everywhere, by the group of `admin` that lists them. */
const BY_ATTRIBUTE: Record<string, string> = { user: "user", scope: "resource" };

/**
 * Asks a running server, or PostgreSQL. The embedded database is not opened for this: that takes
 * seconds, and the server could not start meanwhile.
 */
export async function completeAdminNames(
  { attribute, path: [, group, command], typed }: {
    attribute: string;
    path: readonly string[];
    typed: readonly string[];
  },
  io: ServerIo,
): Promise<[name: string, description: string][]> {
  const list = LISTS[BY_ATTRIBUTE[attribute] ?? group];
  const isName = ["name", "id", "user"].includes(attribute) || attribute in BY_ATTRIBUTE;
  if (list === undefined || command === "add" || !isName) return [];
  const [operation, params, key] = list;
  const read = await withTimeout(readList(operation, params, typed, io), TIMEOUT_MS);
  const rows = attribute === "scope" ? read.flatMap((row) => Object(row).scopes ?? []) : read;
  return rows.map((row) => Object(row)[key])
    .filter((name): name is string => typeof name === "string" && PLAIN_WORD.test(name))
    .slice(0, MAX_NAMES).map((name) => [name, ""]);
}

async function readList(
  operation: OperationName,
  params: unknown,
  typed: readonly string[],
  io: ServerIo,
): Promise<unknown[]> {
  const { config, problems } = await loadAdminConfig(flagsOf(typed), io);
  if (problems.length > 0) return [];
  const result = config.databaseUrl === undefined
    ? (await callAdminRpc(config.dataDir, operation, params, () => {}))?.result
    : await runOperation(operation, params as OperationParams<OperationName>, config, io, () => {});
  const rows = Object(result).users ?? result;
  return Array.isArray(rows) ? rows : [];
}

/** The options of the line that select a database. */
function flagsOf(typed: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {};
  const options = {
    "--config": "config",
    "--data-dir": "dataDir",
    "--database-url": "databaseUrl",
    "--database-url-file": "databaseUrlFile",
  };
  for (const [option, name] of Object.entries(options)) {
    const index = typed.indexOf(option);
    const joined = typed.find((word) => word.startsWith(`${option}=`));
    const value = joined?.slice(option.length + 1) ?? (index < 0 ? undefined : typed[index + 1]);
    if (value) flags[name] = value;
  }
  return flags;
}
