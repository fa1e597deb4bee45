/** `auth hosts`: the hosts that credential helpers return tokens for, in one list. */
import { brand } from "../../../shared/brand.ts";
import { listText } from "../../../shared/list_text.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, type Table } from "../../../shared/table.ts";
import { findConfigFolder } from "../../credentials/config_dir.ts";
import { activeServer } from "../../auth/login_store.ts";
import { environmentSource } from "../../auth/environment_token.ts";
import { selectedServer, type Selection } from "../../auth/selection.ts";
import { ClientError, notLoggedIn } from "../../errors.ts";
import { resourceIdentifier } from "../../oauth/resources.ts";
import { changeHelpers, readHelpers } from "../../helpers/helper_store.ts";
import { type HostEntry, MAX_HOSTS, parseListedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";
import { followHosts } from "./install.ts";

const bin = brand.binaryName;

export interface AddHostOptions extends Selection {
  user?: string;
  exchange?: boolean;
  /** The name or identifier of a resource. */
  for?: string;
  scope?: string[];
}

const TABLE: Table<HostEntry> = {
  columns: [
    { title: "Host", cell: ({ host }) => host },
    { title: "Server", cell: ({ server }) => server ?? null, absent: "of the active login" },
    { title: "Account", cell: ({ account }) => account ?? null },
    { title: "For", cell: ({ resource }) => resource ?? null, priority: 1 },
    { title: "Scopes", cell: ({ scope }) => scope?.join(" ") ?? null, priority: 2 },
    { title: "User", cell: ({ user }) => user ?? null, wideOnly: true },
  ],
  toJson: ({ host, server, account, user, exchange, resource, scope }) => ({
    host,
    server: server ?? null,
    account: account ?? null,
    user: user ?? null,
    exchange: exchange ?? false,
    resource: resource ?? null,
    scopes: scope ?? null,
  }),
  empty: `No hosts receive tokens from credential helpers. ` +
    `To add one, run: ${bin} auth hosts add git.example.com`,
};

export async function listHosts(
  options: { json?: boolean; wide?: boolean },
  io: ClientIo,
): Promise<number> {
  printTable(TABLE, (await readHelpers(io)).hosts, options, io);
  return EXIT.ok;
}

/** Adds the hosts, or replaces their settings. */
export async function addHosts(
  typed: readonly string[],
  { account, user, exchange, scope, for: resourceName, ...selection }: AddHostOptions,
  io: ClientIo,
): Promise<number> {
  const names = [...new Set(typed.map(parseListedHost))];
  const server = await serverOfHosts(selection, io);
  if (scope !== undefined) (await import("../../auth/requested_token.ts")).checkRequest({ scope });
  const resource = resourceName === undefined
    ? undefined
    : await identifierOf(resourceName, server, io);
  const settings = { server, account, user, exchange, resource, scope };
  const added = names.map((host): HostEntry => ({ host, ...settings }));
  await changeHelpers(io, async (state, save) => {
    const hosts = [...state.hosts.filter(({ host }) => !names.includes(host)), ...added];
    if (hosts.length > MAX_HOSTS) {
      throw new ClientError(
        "invalid_input",
        `The list can have ${MAX_HOSTS} hosts. Remove some: ${bin} auth hosts remove HOST`,
      );
    }
    const next = { ...state, hosts: hosts.sort((a, b) => a.host < b.host ? -1 : 1) };
    await save(next);
    const limits = [
      ...resource === undefined ? [] : [`for ${resource}`],
      ...scope === undefined ? [] : [`with the scopes ${listText(scope, "none")}`],
    ].map((limit) => ` ${limit}`).join("");
    for (const host of names) {
      io.stderr(`${host} receives tokens of ${server ?? "the active login"}${limits}.\n`);
    }
    await followHosts(next, save, io);
  });
  return EXIT.ok;
}

/**
 * The server is kept with the host, so that a host never receives the token of another server that
 * the user logs in to later. Undefined without a login.
 */
async function serverOfHosts(selection: Selection, io: ClientIo): Promise<string | undefined> {
  const selected = selectedServer(selection, io);
  if (selected !== undefined) return selected;
  const environment = environmentSource(selection, io);
  if (environment !== undefined) return environment.server;
  return findConfigFolder(io) === undefined ? undefined : await activeServer(io);
}

/** The identifier is kept: a name could mean another resource later. */
async function identifierOf(name: string, server: string | undefined, io: ClientIo) {
  if (server === undefined) throw notLoggedIn();
  const { discover } = await import("../../oauth/discovery.ts");
  return resourceIdentifier(await discover(server, io), name);
}

export async function removeHosts(typed: readonly string[], io: ClientIo): Promise<number> {
  const names = typed.map(parseListedHost);
  await changeHelpers(io, async (state, save) => {
    const missing = names.filter((name) => !state.hosts.some(({ host }) => host === name));
    if (missing.length > 0) {
      throw new ClientError(
        "host_not_listed",
        `${missing.join(", ")}: not on the list. To see the list, run: ${bin} auth hosts list`,
      );
    }
    const next = { ...state, hosts: state.hosts.filter(({ host }) => !names.includes(host)) };
    await save(next);
    for (const name of names) io.stderr(`${name} no longer receives tokens.\n`);
    await followHosts(next, save, io);
  });
  return EXIT.ok;
}
