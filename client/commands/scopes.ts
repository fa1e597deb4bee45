/** `scopes`: what a login or a personal access token can be given on this server. */
import type { Command } from "commander";
import { brand } from "../../shared/brand.ts";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions } from "../../shared/table.ts";
import { environmentSource } from "../auth/environment_token.ts";
import { selectLogin } from "../auth/select_login.ts";
import { selectedServer, type Selection } from "../auth/selection.ts";
import { serverOf } from "../auth/token_source.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { ScopeInfo } from "../pat/scope_info.ts";
import { publicScopes, scopesOfLogin } from "../pat/scopes.ts";
import { account, server } from "./options.ts";

export type ScopesOptions = Selection & TableOptions;

export async function scopes(options: ScopesOptions, io: ClientIo): Promise<number> {
  printTable(TABLE, await findScopes(options, io), options, io);
  return EXIT.ok;
}

async function findScopes(options: ScopesOptions, io: ClientIo): Promise<ScopeInfo[]> {
  const environment = environmentSource(options, io);
  if (environment !== undefined) return await publicScopes(serverOf(environment), io);
  try {
    return await scopesOfLogin(await selectLogin(options, io), io);
  } catch (error) {
    // Before the first login the names help to request the right ones.
    const server = selectedServer(options, io);
    const isNotLoggedIn = error instanceof ClientError && error.code === "not_logged_in";
    if (!isNotLoggedIn || server === undefined || options.account !== undefined) throw error;
    const listed = await publicScopes(server, io);
    io.stderr(
      `Not logged in to ${server}, which describes its scopes only to its users. ` +
        `Run: ${brand.binaryName} login --server ${server}\n`,
    );
    return listed;
  }
}

const yesNo = (value: boolean | null) => value === null ? null : value ? "yes" : "no";

const TABLE: Table<ScopeInfo> = {
  columns: [
    { title: "SCOPE", cell: ({ name }) => name },
    { title: "IN LOGIN", cell: ({ granted }) => yesNo(granted), priority: 2 },
    { title: "FOR TOKENS", cell: ({ forTokens }) => yesNo(forTokens), priority: 1 },
    {
      title: "DEVICE CODE",
      cell: ({ deviceFlow }) => deviceFlow === null ? null : deviceFlow.join(" ") || "yes",
      priority: 0,
    },
    { title: "DESCRIPTION", cell: ({ description }) => description, flexible: true, priority: 3 },
  ],
  toJson: (scope) => scope,
  empty: "The server offers no scopes.",
};

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addOption(server())
    .addOption(account())
    .option("--wide", "print whole descriptions")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([`${bin} scopes`, "what your account can be given on the server"], [
        `${bin} scopes --json | jq -r '.[] | select(.forTokens) | .name'`,
        "the scopes of personal access tokens",
      ]),
    )
    .action((options) => client((io) => scopes(options, io)));
}
