/** `auth hosts`: the hosts that credential helpers return tokens for, in one list. */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, type Table } from "../../../shared/table.ts";
import { findConfigFolder } from "../../credentials/config_dir.ts";
import { activeServer } from "../../auth/login_store.ts";
import { environmentSource } from "../../auth/environment_token.ts";
import { selectedServer, type Selection } from "../../auth/selection.ts";
import { ClientError } from "../../errors.ts";
import { changeHelpers, readHelpers } from "../../helpers/helper_store.ts";
import { type HostEntry, MAX_HOSTS, parseListedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";
import { followHosts } from "./install.ts";

const bin = brand.binaryName;

export interface AddHostOptions extends Selection {
  user?: string;
  exchange?: boolean;
}

const TABLE: Table<HostEntry> = {
  columns: [
    { title: "Host", cell: ({ host }) => host },
    { title: "Server", cell: ({ server }) => server ?? null, absent: "of the active login" },
    { title: "Account", cell: ({ account }) => account ?? null },
    { title: "User", cell: ({ user }) => user ?? null, priority: 1 },
  ],
  toJson: ({ host, server, account, user, exchange }) => ({
    host,
    server: server ?? null,
    account: account ?? null,
    user: user ?? null,
    exchange: exchange ?? false,
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
  { account, user, exchange, ...selection }: AddHostOptions,
  io: ClientIo,
): Promise<number> {
  const names = [...new Set(typed.map(parseListedHost))];
  const server = await serverOfHosts(selection, io);
  const added = names.map((host): HostEntry => ({ host, server, account, user, exchange }));
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
    const issuer = server ?? "the active login";
    for (const host of names) io.stderr(`${host} receives tokens of ${issuer}.\n`);
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
