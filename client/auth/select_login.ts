/** Which of the logins on this machine a command uses. */
import { valueText } from "../../shared/list_text.ts";
import { brand } from "../../shared/brand.ts";
import { findByName } from "../../shared/name_key.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { listLogins, type Login } from "./login_store.ts";
import { serverCandidates } from "../oauth/server_address.ts";
import { selectedServer, type Selection } from "./selection.ts";

/** Throws ClientError if there is no such login, or several. */
export async function selectLogin(selection: Selection, io: ClientIo): Promise<Login> {
  const server = selectedServer(selection, io);
  const logins = matchingLogins(await listLogins(io), { server, account: selection.account });
  if (logins.length === 0) {
    if (selection.account === undefined) throw notLoggedIn(server);
    throw new ClientError(
      "not_logged_in",
      `Not logged in as ${valueText(selection.account)}. Run: ${brand.binaryName} login`,
    );
  }
  const chosen = logins.length === 1 ? logins[0] : logins.find(({ active }) => active);
  if (chosen) return chosen;
  const names = logins.map(({ account, server }) => `${account} on ${server}`).join(", ");
  throw new ClientError(
    "ambiguous_login",
    `There are several logins: ${names}. Select one with --account and --server, ` +
      `or make one the active login: ${brand.binaryName} switch`,
  );
}

export function matchingLogins(logins: Login[], { server, account }: Selection): Login[] {
  const onServer = server === undefined ? logins : loginsOfAddress(logins, server);
  return account === undefined ? onServer : findByName(onServer, account, (login) => login.account);
}

/** Logins to the server of an address, which may be that of a page. */
function loginsOfAddress(logins: Login[], address: string): Login[] {
  const servers = serverCandidates(address);
  const server = servers.find((server) => logins.some((login) => login.server === server));
  return logins.filter((login) => login.server === server);
}
