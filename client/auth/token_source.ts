/**
 * Whose token a command uses: the environment's, one of the remembered logins,
 * or the one this job's identity is traded for. A login is always chosen whole,
 * server and account, so that no token goes to a server it did not come from.
 */
import { accessTokenLife, jwtExpiry } from "../oauth/access_token_life.ts";
import { absoluteFolder } from "../../shared/absolute_folder.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { findByName } from "../../shared/name_key.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import {
  type Account,
  accountLockPath,
  activateAccount,
  forgetAccount,
  readAccounts,
  rememberAccount,
  tryAccounts,
} from "./account_index.ts";
import { parseServer } from "../oauth/discovery.ts";
import { ClientError, notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import {
  type AccountKey,
  type Credentials,
  type CredentialStore,
  CredentialStoreError,
} from "../credentials/store.ts";
import { detectProvider, type FederationOptions, requestedProvider } from "../federation/detect.ts";
import { exchangeIdentity, type Federation } from "../federation/exchange.ts";
import type { WorkloadProvider } from "../federation/provider.ts";
import { chooseStore, deleteStaleEntry, openStore } from "../credentials/select.ts";
import { withFileLock } from "../credentials/file_lock.ts";
import { configFolder, findConfigFolder } from "../credentials/config_dir.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import { formatTime } from "../output.ts";
import { askTokenSocket, TOKEN_SOCKET_VARIABLE } from "./token_socket.ts";
import { freshCredentials, type LoginStore } from "../oauth/refresh.ts";

/** A token someone has put into the environment: it wins, and no keychain is touched. */
export interface EnvironmentSession {
  source: "environment";
  token: string;
  /** When a JWT says that it expires, in ms since the epoch; undefined for any other token. */
  expiresAt: number | undefined;
  /** Where the `exec` that set the variable gives out later tokens, if we run below one. */
  socket: string | undefined;
  /** Where it may be sent; undefined if neither the user nor the token says. */
  server: string | undefined;
  account: undefined;
}

/** A remembered login. */
export interface LoginSession extends AccountKey {
  source: CredentialStore["kind"];
  active: boolean;
  remembered: Account;
  place: LoginStore;
}

/** The identity a CI job or workload has of itself, without any login. */
export interface FederationSession extends Federation {
  source: "federation";
  account: undefined;
}

export type Session = EnvironmentSession | LoginSession | FederationSession;

/** What the user has said about whose token is meant. */
export interface Selection {
  server?: string;
  account?: string;
}

/** The same, where this job's identity may be meant as well. */
export interface SelectionWithFederation extends Selection, FederationOptions {
  /** What the identity token's `aud` must be; the server by default. */
  federationAudience?: string;
  /** Scopes to request with a job's identity. */
  scope?: string[];
}

/**
 * In this order: federation where it was asked for, the environment's token, a
 * login, and the identity of the job or workload we run as. A login comes before
 * that because somebody made it on purpose.
 */
export async function chooseSession(
  selection: SelectionWithFederation,
  io: ClientIo,
): Promise<Session> {
  const asked = requestedProvider(selection, io.env);
  if (asked !== undefined) return await federationSession(asked, selection, io);
  const environment = environmentSession(selection, io);
  if (environment !== undefined) return environment;
  const mayDetect = selection.federation !== "off" && selection.account === undefined;
  const detected = mayDetect ? detectProvider(io.env) : undefined;
  if (detected === undefined) return await chooseLogin(selection, io);
  // Without a folder there is no login to consider; a job may well have no home.
  const all = findConfigFolder(io) === undefined ? [] : await loginSessions(io);
  const logins = matching(all, { server: wantedServer(selection, io) });
  if (logins.length === 0) return await federationSession(detected, selection, io);
  const login = await chooseLogin(selection, io);
  io.stderr(
    `Note: this uses the login of ${login.account}, not the identity of ${detected.title}; ` +
      `--federation auto uses that.\n`,
  );
  return login;
}

async function federationSession(
  provider: WorkloadProvider,
  selection: SelectionWithFederation,
  io: ClientIo,
): Promise<FederationSession> {
  const server = await federationServer(selection, io).catch((error) => {
    // What the job lacks comes first: the server may be wanted for a job that cannot use it.
    const obstacle = provider.obstacle(
      selection.federationAudience ?? brand.defaultServer,
      io.env,
    );
    throw obstacle === undefined
      ? error
      : new ClientError(EXIT.authenticationRequired, `${obstacle}\n${error.message}`);
  });
  return {
    source: "federation",
    provider,
    server,
    audience: selection.federationAudience ?? server,
    scope: selection.scope && formatScope(selection.scope),
    account: undefined,
  };
}

/** Where an identity would be traded: the server named, else the active login's, else ours. */
export async function federationServer(selection: Selection, io: ClientIo): Promise<string> {
  return serverForSecret(
    wantedServer(selection, io) ?? await activeServer(io),
    "The identity of this job",
  );
}

/** The environment's token; undefined if there is none. Throws ClientError for one we cannot use. */
export function environmentSession(
  selection: Selection,
  io: ClientIo,
): EnvironmentSession | undefined {
  const name = `${brand.envPrefix}_TOKEN`;
  const token = io.env[name]?.trim();
  if (!token) return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ClientError(EXIT.usage, `${name} holds no token: it has spaces or odd characters.`);
  }
  const wanted = wantedServer(selection, io);
  const issuer = unverifiedClaims(token)?.iss;
  const expiresAt = jwtExpiry(token);
  const socket = tokenSocket(io);
  if (typeof issuer !== "string") {
    return { source: "environment", token, expiresAt, socket, server: wanted, account: undefined };
  }
  const server = parseServer(issuer);
  if (wanted !== undefined && wanted !== server) {
    throw new ClientError(
      EXIT.failure,
      `The token in ${name} comes from ${server}, not from ${wanted}. ` +
        `Unset it, or name its own server.`,
    );
  }
  return { source: "environment", token, expiresAt, socket, server, account: undefined };
}

/** A socket that is still there: exec removes it when its program has ended. */
function tokenSocket({ env }: ClientIo): string | undefined {
  const path = absoluteFolder(env[TOKEN_SOCKET_VARIABLE]);
  if (path === undefined) return undefined;
  try {
    const { isSocket, uid } = Deno.statSync(path);
    return isSocket && uid === Deno.uid() ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The remembered login that is meant. Throws ClientError if there is none, or several. */
export async function chooseLogin(selection: Selection, io: ClientIo): Promise<LoginSession> {
  const server = wantedServer(selection, io);
  const sessions = matching(await loginSessions(io), { server, account: selection.account });
  if (sessions.length === 0) {
    if (selection.account === undefined) throw notLoggedIn(server);
    throw new ClientError(
      EXIT.authenticationRequired,
      `Not logged in as ${selection.account}. Run: ${brand.binaryName} login`,
    );
  }
  const chosen = sessions.length === 1 ? sessions[0] : sessions.find((each) => each.active);
  if (chosen) return chosen;
  const names = sessions.map((each) => `${each.account} on ${each.server}`).join(", ");
  throw new ClientError(
    EXIT.usage,
    `Several logins fit: ${names}. Choose one with --account and --server, ` +
      `or for good with: ${brand.binaryName} switch`,
  );
}

/** The sessions that `selection` leaves; its server in normal form. */
export function matching(sessions: LoginSession[], { server, account }: Selection): LoginSession[] {
  const there = sessions.filter((each) => server === undefined || each.server === server);
  return account === undefined ? there : findByName(there, account, (each) => each.account);
}

/** The server named by option or environment, in normal form. */
export function wantedServer({ server }: Selection, io: ClientIo): string | undefined {
  const text = server ?? io.env[`${brand.envPrefix}_SERVER`];
  return text ? parseServer(text) : undefined;
}

/** All remembered logins, oldest first. */
export async function loginSessions(io: ClientIo): Promise<LoginSession[]> {
  const { accounts, active } = await readAccounts(configFolder(io), io.stderr);
  return accounts.map((remembered) => ({
    source: remembered.store,
    server: remembered.server,
    account: remembered.account,
    active: active?.server === remembered.server && active.account === remembered.account,
    remembered,
    place: renewalPlace(openStore(remembered.store, io), io),
  }));
}

/** Server of the active login, if there is one. */
export async function activeServer(io: ClientIo): Promise<string | undefined> {
  const folder = findConfigFolder(io);
  return folder && (await readAccounts(folder, io.stderr)).active?.server;
}

export interface SessionToken {
  token: string;
  /** In ms since the epoch; undefined if not known. */
  expiresAt: number | undefined;
  scope: string | undefined;
  /** The longest life, in ms, that any token of this session can have; undefined if not known. */
  longestLifeMs?: number;
}

/** The session's access token, renewed if it would end within `minTtlMs`. */
export async function sessionToken(
  session: Session,
  minTtlMs: number,
  io: ClientIo,
): Promise<SessionToken> {
  if (session.source === "environment") return await environmentToken(session, minTtlMs, io);
  if (session.source === "federation") return await exchangeIdentity(session, io);
  const credentials = await freshCredentials(session, minTtlMs, session.place, io);
  const { accessToken, scope, refreshToken } = credentials;
  const { expiresAt, leftMs, lifetimeMs } = accessTokenLife(credentials, io.clock.now());
  const longestLifeMs = refreshToken === undefined ? leftMs : lifetimeMs;
  return { token: accessToken, expiresAt, scope, longestLifeMs };
}

/**
 * The server that a secret is sent to: the one it names or the user has named, else the
 * built-in one where that is reached over https. Over plain http any program that listens
 * on its port would get what nobody meant for it. Throws ClientError (usage).
 */
export function serverForSecret(server: string | undefined, secret: string): string {
  if (server !== undefined) return server;
  if (new URL(brand.defaultServer).protocol === "https:") return brand.defaultServer;
  throw new ClientError(
    EXIT.usage,
    `${secret} does not say which server it belongs to. ` +
      `Name it with --server or ${brand.envPrefix}_SERVER.`,
  );
}

/** The server of the environment's token, or of the login. */
export function serverOf({ server }: Session): string {
  return serverForSecret(server, `The token in ${brand.envPrefix}_TOKEN`);
}

/**
 * The environment's token as it is, or below `exec` a later one if it lives too short.
 * Throws ClientError if it has expired.
 */
async function environmentToken(
  { token, expiresAt, socket }: EnvironmentSession,
  minTtlMs: number,
  io: ClientIo,
): Promise<SessionToken> {
  if (expiresAt === undefined) return { token, expiresAt, scope: undefined };
  const left = expiresAt - io.clock.now();
  if (socket !== undefined && left < minTtlMs) {
    try {
      const later = await askTokenSocket(socket, token, minTtlMs, io);
      if (later !== undefined) return later;
    } catch (error) {
      if (left <= 0 || !(error instanceof ClientError)) throw error;
      io.stderr(`Warning: ${error.message}\n`);
    }
  }
  if (left <= 0) {
    throw new ClientError(
      EXIT.authenticationRequired,
      `The token in ${brand.envPrefix}_TOKEN expired at ${formatTime(expiresAt)}. ` +
        `Set it to a new one, or unset it to use a login.`,
    );
  }
  const { scope } = unverifiedClaims(token) ?? {};
  return {
    token,
    expiresAt,
    scope: typeof scope === "string" ? scope : undefined,
    longestLifeMs: left,
  };
}

/** Chooses and tries the place where a login about to be made will be kept. */
export async function openLoginStore(insecureStorage: boolean, io: ClientIo): Promise<LoginStore> {
  const { store, warning } = await chooseStore({ insecureStorage }, io);
  if (warning !== undefined) io.stderr(warning);
  // The keychain was tried by choosing it; where the file comes second, it is tried as well.
  if (store.kind === "file") await store.tryOut();
  await tryAccounts(configFolder(io), io.signal);
  return renewalPlace(store, io);
}

/**
 * Stores a new login's credentials and makes it the active one. Gives the credentials of
 * earlier logins to the same account that it replaced, in whichever store they were:
 * nobody else holds them, so the server has to be asked to revoke them.
 */
export async function saveLogin(
  key: AccountKey,
  subject: string,
  credentials: Credentials,
  { store, withLock }: LoginStore,
  io: ClientIo,
): Promise<Credentials[]> {
  const folder = configFolder(io);
  return await withLock(key, async () => {
    const { accounts } = await readAccounts(folder, io.stderr);
    const earlier = accounts.find((each) =>
      each.server === key.server && each.account === key.account
    );
    const replaced = await storedCredentials(key, store, earlier, (error) =>
      io.stderr(
        `Warning: an earlier login of ${key.account} cannot be read, so it is not revoked. ` +
          `${error.message} Revoke it on ${key.server} if it is no longer needed.\n`,
      ), io);
    const remembered = {
      ...key,
      subject,
      store: store.kind,
      scope: credentials.scope,
      loggedInAt: io.clock.now(),
    };
    try {
      await store.set(key, credentials);
      // Before the old entry goes: a kill in between must not leave the index pointing at nothing.
      await rememberAccount(folder, remembered, io.signal);
    } catch (error) {
      // The caller revokes the new login: the earlier one has to go on working.
      const [before] = replaced.filter((each) => each.store === store.kind);
      await (before ? store.set(key, before.credentials) : store.delete(key)).catch(() => {});
      throw error;
    }
    const leftInKeychain = await deleteStaleEntry(key, store, earlier, io);
    if (leftInKeychain) {
      await rememberAccount(folder, { ...remembered, leftInKeychain }, io.signal);
    }
    return replaced.map((each) => each.credentials);
  });
}

/**
 * All credentials of an account, in the store that is in use and in the other one; from
 * the keychain only where the index says that it may hold some. The server cannot be
 * asked to revoke what cannot be read: `unreadable` decides about it.
 */
export async function storedCredentials(
  key: AccountKey,
  inUse: CredentialStore,
  remembered: Account | undefined,
  unreadable: (error: CredentialStoreError) => void,
  io: ClientIo,
): Promise<{ store: CredentialStore["kind"]; credentials: Credentials }[]> {
  const stores = [inUse];
  if (inUse.kind === "keychain") stores.push(openStore("file", io));
  else if (remembered?.store === "keychain" || remembered?.leftInKeychain) {
    stores.push(openStore("keychain", io));
  }
  const found = [];
  for (const store of stores) {
    try {
      const credentials = await store.get(key);
      if (credentials) found.push({ store: store.kind, credentials });
    } catch (error) {
      if (!(error instanceof CredentialStoreError)) throw error;
      unreadable(error);
    }
  }
  return found;
}

/** Deletes the session's credentials and its place in the index. To be called under its lock. */
export async function forget(session: LoginSession, io: ClientIo): Promise<void> {
  const { remembered, place: { store } } = session;
  const key = { server: session.server, account: session.account };
  await store.delete(key);
  await deleteStaleEntry(key, store, remembered, io);
  await forgetAccount(configFolder(io), key, io.signal);
}

/** Makes the session the active one. */
export async function activate({ server, account }: AccountKey, io: ClientIo): Promise<void> {
  if (!await activateAccount(configFolder(io), { server, account }, io.signal)) throw notLoggedIn();
}

function renewalPlace(store: CredentialStore, io: ClientIo): LoginStore {
  return {
    store,
    withLock: (key, critical) =>
      withFileLock(accountLockPath(configFolder(io), key), { signal: io.signal }, critical),
  };
}
