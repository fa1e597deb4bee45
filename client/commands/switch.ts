/** `switch`: selects the active login. */
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { server } from "./options.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { activateLogin, listLogins } from "../auth/login_store.ts";
import { matchingLogins } from "../auth/select_login.ts";
import { selectedServer } from "../auth/selection.ts";

export interface SwitchOptions {
  server?: string;
}

export async function switchAccount(
  account: string | undefined,
  options: SwitchOptions,
  io: ClientIo,
): Promise<number> {
  const all = await listLogins(io);
  if (all.length === 0) throw notLoggedIn();
  const matches = matchingLogins(all, { server: selectedServer(options, io), account });
  if (matches.length === 0) {
    throw new ClientError("not_logged_in", `There is no such login. Run one of:\n${choices(all)}`);
  }
  const others = matches.length === 1 ? matches : matches.filter(({ active }) => !active);
  if (others.length !== 1) {
    throw new ClientError(
      "ambiguous_login",
      `Several logins match. Run one of:\n${choices(matches)}`,
    );
  }
  const [chosen] = others;
  await activateLogin(chosen, io);
  io.stderr(`Now active: ${chosen.account} on ${chosen.server}\n`);
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    io.stderr(`Warning: ${brand.envPrefix}_TOKEN is set and takes precedence over every login.\n`);
  }
  return EXIT.ok;
}

function choices(logins: { account: string; server: string; active: boolean }[]): string {
  return logins.map(({ account, server, active }) =>
    `  ${brand.binaryName} switch ${shellWord(account)} --server ${shellWord(server)}${
      active ? "  (active now)" : ""
    }`
  ).join("\n");
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[account]", "the account to make active (default: the other one of two)")
    .addOption(server())
    .addHelpText(
      "after",
      examples([`${bin} switch`, "switch to the other login"], [
        `${bin} switch bob@example.com --server https://auth.example.com`,
        "switch to this login",
      ]),
    )
    .action((name, options) => client((io) => switchAccount(name, options, io)));
}
