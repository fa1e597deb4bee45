/** Values that only this machine or the server knows. Never asks, logs in or reports an error. */
import { selectedServer, type Selection } from "../../auth/selection.ts";
import { readAccounts } from "../../auth/account_index.ts";
import { readCompletionCache } from "../../auth/completion_cache.ts";
import { findConfigFolder } from "../../credentials/config_dir.ts";
import type { ClientIo } from "../../io.ts";
import { authorizationServerMetadataUrl } from "../../../shared/oauth/metadata.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import type { Candidate, Requested } from "./complete.ts";

/** Someone waits at the keyboard. */
const TIMEOUT_MS = 1000;
const MAX_DESCRIPTION = 80;

/**
 * What every shell takes for a plain word. A shell puts a completion into the line
 * as it stands, and names are what a server said.
 */
const PLAIN_WORD = /^[\p{L}\p{N}][\p{L}\p{N}_@+:./-]*$/u;

export type CompletionIo = Pick<ClientIo, "env" | "platform" | "fetch">;

export async function knownValues(
  { attribute, path, selection: typed }: Requested,
  io: CompletionIo,
): Promise<Candidate[]> {
  const [command] = path;
  if (command === "admin" || command === "serve") return [];
  const selection = normalized(typed, io);
  const { accounts, active } = await remembered(io);
  const login = selectedAccount(accounts, active, selection);
  switch (attribute) {
    case "server":
      return plain(accounts.map(({ server }) => [server, ""]));
    case "account":
      return plain(accounts.map(({ account }) => [account, ""]));
    case "scope":
      return await scopesFor(login, selection, { forTokens: command === "pat" }, io);
    case "topic": {
      const [{ readPages }, { parseTopics }] = await Promise.all([
        import("../../docs/read_pages.ts"),
        import("../../docs/topics.ts"),
      ]);
      const { index } = await readPages();
      return plain(parseTopics(index).map(({ name, title }): Candidate => [name, title]));
    }
    case "hosts":
      // Those to remove; the ones to add are not known.
      return path.join(" ") === "auth hosts remove" ? await listedHosts(io) : [];
    case "token":
    case "tokens": {
      if (command !== "pat" || login === undefined) return [];
      const { tokens } = await readCompletionCache(login, io);
      return plain(
        tokens.map(({ id, name }): Candidate =>
          PLAIN_WORD.test(name) ? [name, ""] : [id, sanitizeLine(name, MAX_DESCRIPTION)]
        ),
      );
    }
  }
  return [];
}

async function listedHosts(io: CompletionIo): Promise<Candidate[]> {
  const { readHelpers } = await import("../../helpers/helper_store.ts");
  const { hosts } = await readHelpers(io).catch(() => ({ hosts: [] }));
  return plain(hosts.map(({ host, server = "" }) => [host, server]));
}

async function remembered(io: CompletionIo) {
  const none = { accounts: [], active: undefined };
  const folder = findConfigFolder(io);
  return folder === undefined ? none : await readAccounts(folder, () => {}).catch(() => none);
}

function selectedAccount<Key extends { server: string; account: string }>(
  accounts: readonly Key[],
  active: { server: string; account: string } | undefined,
  { server, account }: Selection,
): Key | undefined {
  const matches = accounts.filter((entry) =>
    (server === undefined || entry.server === server) &&
    (account === undefined || entry.account === account)
  );
  return matches.length === 1
    ? matches[0]
    : matches.find((entry) => entry.server === active?.server && entry.account === active.account);
}

/** With the server as logins name it, also from the environment; none if it is not valid. */
function normalized(selection: Selection, io: CompletionIo): Selection {
  try {
    return { ...selection, server: selectedServer(selection, io) };
  } catch {
    return { ...selection, server: undefined };
  }
}

/** As last received, else the names that the server publishes. */
async function scopesFor(
  login: { server: string; account: string } | undefined,
  { server = login?.server }: Selection,
  { forTokens }: { forTokens: boolean },
  io: CompletionIo,
): Promise<Candidate[]> {
  const cached = login === undefined ? [] : (await readCompletionCache(login, io)).scopes;
  if (cached.length > 0) {
    return plain(
      cached.filter((scope) => !forTokens || scope.forTokens !== false)
        .map(({ name, description }) => [name, sanitizeLine(description, MAX_DESCRIPTION)]),
    );
  }
  return server === undefined ? [] : plain(
    (await publishedScopes(server, io)).filter((name) =>
      !forTokens || !/^manage:|^offline_access$/.test(name)
    ).map((name) => [name, ""]),
  );
}

async function publishedScopes(server: string, io: CompletionIo): Promise<string[]> {
  try {
    const response = await io.fetch(authorizationServerMetadataUrl(server), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    });
    const { issuer, scopes_supported: scopes } = Object(await response.json());
    if (issuer !== server || !Array.isArray(scopes)) return [];
    return scopes.filter((name) => typeof name === "string");
  } catch {
    return [];
  }
}

function plain(candidates: Candidate[]): Candidate[] {
  const byValue = new Map(candidates.map((candidate) => [candidate[0], candidate]));
  return [...byValue.values()].filter(([value]) => PLAIN_WORD.test(value));
}
