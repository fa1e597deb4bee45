/** `auth hosts`: the hosts that credential helpers return tokens for, in one list. */
import type { Command } from "commander";
import { brand } from "../../../shared/brand.ts";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { printTable, type Table } from "../../../shared/table.ts";
import { tableOptions } from "../../../shared/table_options.ts";
import { findConfigFolder } from "../../credentials/config_dir.ts";
import { activeServer } from "../../auth/login_store.ts";
import { environmentSource } from "../../auth/environment_token.ts";
import { selectedServer, type Selection } from "../../auth/selection.ts";
import { ClientError } from "../../errors.ts";
import { readHelpers, updateHelpers } from "../../helpers/helper_store.ts";
import { type HostEntry, MAX_HOSTS, parseListedHost } from "../../helpers/host_list.ts";
import type { ClientIo } from "../../io.ts";
import { account, server } from "../options.ts";

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
  await updateHelpers(io, (state) => {
    const hosts = [...state.hosts.filter(({ host }) => !names.includes(host)), ...added];
    if (hosts.length > MAX_HOSTS) {
      throw new ClientError(
        "invalid_input",
        `The list can have ${MAX_HOSTS} hosts. Remove some: ${bin} auth hosts remove HOST`,
      );
    }
    return { ...state, hosts: hosts.sort((a, b) => a.host < b.host ? -1 : 1) };
  });
  const issuer = server ?? "the active login";
  for (const host of names) io.stderr(`${host} receives tokens of ${issuer}.\n`);
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
  await updateHelpers(io, (state) => {
    const missing = names.filter((name) => !state.hosts.some(({ host }) => host === name));
    if (missing.length > 0) {
      throw new ClientError(
        "host_not_listed",
        `${missing.join(", ")}: not on the list. To see the list, run: ${bin} auth hosts list`,
      );
    }
    return { ...state, hosts: state.hosts.filter(({ host }) => !names.includes(host)) };
  });
  for (const name of names) io.stderr(`${name} no longer receives tokens.\n`);
  return EXIT.ok;
}

export function declareHosts(hosts: Command, client: Run<ClientIo>): void {
  tableOptions(hosts.command("list"))
    .description("list the hosts, and the server and account whose token each receives")
    .addHelpText("after", examples([`${bin} auth hosts list`, "print the list"]))
    .action((options) => client((io) => listHosts(options, io)));

  hosts.command("add")
    .description("add hosts that receive tokens, or change their settings")
    .argument("<hosts...>", "git.example.com, registry.example.com:5000 or http://127.0.0.1:8080")
    .addOption(server())
    .addOption(account())
    .option("--user <name>", "the user name for programs that need one (default: the account)")
    .option("--exchange", `exchange the token in ${brand.envPrefix}_TOKEN for a short JWT`)
    .addHelpText(
      "after",
      examples(
        [`${bin} auth hosts add git.example.com`, "the host receives tokens of the active login"],
        [
          `${bin} auth hosts add registry.example.com --server https://auth.example.com`,
          "the host receives tokens of that server",
        ],
      ),
    )
    .action((names, options) => client((io) => addHosts(names, options, io)));

  hosts.command("remove")
    .description("remove hosts, which then receive no tokens")
    .argument("<hosts...>", "the hosts as `list` prints them")
    .addHelpText("after", examples([`${bin} auth hosts remove git.example.com`, "remove a host"]))
    .action((names) => client((io) => removeHosts(names, io)));
}
