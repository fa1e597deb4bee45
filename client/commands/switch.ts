/** `switch`: makes another of the remembered logins the active one. */
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
  const wanted = matchingLogins(all, { server: selectedServer(options, io), account });
  if (wanted.length === 0) {
    throw new ClientError("not_logged_in", `No such login.\n${choices(all)}`);
  }
  const others = wanted.length === 1 ? wanted : wanted.filter((each) => !each.active);
  if (others.length !== 1) {
    throw new ClientError("ambiguous_login", `Which one?\n${choices(wanted)}`);
  }
  const [chosen] = others;
  await activateLogin(chosen, io);
  io.stderr(`Now active: ${chosen.account} on ${chosen.server}\n`);
  if (io.env[`${brand.envPrefix}_TOKEN`]) {
    io.stderr(`Warning: ${brand.envPrefix}_TOKEN is set and wins over every login.\n`);
  }
  return EXIT.ok;
}

function choices(sessions: { account: string; server: string; active: boolean }[]): string {
  return sessions.map(({ account, server, active }) =>
    `  ${brand.binaryName} switch ${shellWord(account)} --server ${shellWord(server)}${
      active ? "  (active now)" : ""
    }`
  ).join("\n");
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.argument("[account]", "the account to make active; without it, the other one of two")
    .addOption(server())
    .addHelpText(
      "after",
      examples([`${bin} switch`, "to the other login"], [
        `${bin} switch bob@example.com --server https://auth.example.com`,
        "to a given one",
      ]),
    )
    .action((name, options) => client((io) => switchAccount(name, options, io)));
}
