/** Personal access tokens over the server's REST interface; `/api/openapi.json` there describes it. */
import { MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { type ApprovalOptions, ManagementAccess } from "../auth/management_token.ts";
import { type EnvironmentSource, environmentSource } from "../auth/environment_token.ts";
import { type CachedToken, updateCompletionCache } from "../auth/completion_cache.ts";
import type { Login } from "../auth/login_store.ts";
import { selectLogin } from "../auth/select_login.ts";
import type { Selection } from "../auth/selection.ts";
import { type Access, ManagementApi, type ManagementRequest } from "./management_api.ts";
import { isActive } from "./format.ts";
import { parseScopes, type ScopeInfo } from "./scope_info.ts";
import {
  type CreatedToken,
  parseCreatedToken,
  parseToken,
  type PersonalAccessToken,
} from "./token.ts";
import { prefixOfSecret } from "./token_prefix.ts";

export interface NewToken {
  name: string;
  description?: string;
  scopes: string[];
  /** Seconds; null: never; absent: the server's default. */
  expiresIn?: number | null;
  allowedAddresses?: string[];
  /** A service account, for administrators. */
  owner?: string;
  /** The name or identifier of the resource that accepts it; absent: the default one. */
  resource?: string;
}

/** What `pat edit` changes; what is undefined stays as it is. */
export interface TokenChanges {
  name?: string;
  /** null: none. */
  description?: string | null;
  /** Those that the token keeps. */
  scopes?: string[];
  /** Empty: any address. */
  allowedAddresses?: string[];
}

/** A token of an older deployment, of which only the hash is known. */
export interface ImportedToken {
  /** SHA-256 of the token, in hexadecimal. */
  tokenHash: string;
  name: string;
  description?: string | null;
  owner: string;
  scopes: string[];
  /** null: never. */
  expiresAt: string | null;
  allowedAddresses?: string[];
}

/** The REST interface with the permissions of one source. */
export interface TokenApi extends AsyncDisposable {
  server: string;
  create(request: NewToken): Promise<CreatedToken>;
  /** `scopes`: what a single approval should cover, for several imports. */
  import(token: ImportedToken, scopes: readonly string[]): Promise<PersonalAccessToken>;
  /** All matches, the newest first. Of a secret in `search` only the prefix is sent. */
  list(
    query: { search?: string; all?: boolean; ofThisLogin?: boolean },
  ): Promise<PersonalAccessToken[]>;
  /** By its id; undefined if there is none. */
  find(id: string): Promise<PersonalAccessToken | undefined>;
  /** The token that authenticates the request. */
  own(): Promise<PersonalAccessToken>;
  /** `overlap` in seconds. */
  rotate(
    token: Pick<PersonalAccessToken, "id" | "scopes">,
    request: { overlap: number; expiresIn?: number | null },
  ): Promise<CreatedToken>;
  edit(id: string, changes: TokenChanges): Promise<PersonalAccessToken>;
  revoke(id: string): Promise<void>;
  /** That the account may have; undefined if the server is too old to list them. */
  scopes(): Promise<ScopeInfo[] | undefined>;
}

/** Tokens on a page: however long their names and networks are, a response is not too large. */
const PAGE_LENGTH = 50;
/** Pages read of one list, so that no server keeps us reading: 20,000 tokens. */
const MAX_PAGES = 400;
/** The longest search that the server accepts, in characters. */
const MAX_SEARCH_LENGTH = 100;

export interface TokenApiOptions extends Selection, ApprovalOptions {
  /** As an administrator: other accounts' tokens too. */
  administer?: boolean;
}

/**
 * The interface for the selected login, or for the token in the environment. Where the
 * login does not permit an operation, the user is asked to approve it.
 */
export async function openTokenApi(options: TokenApiOptions, io: ClientIo): Promise<TokenApi> {
  // The identity of a CI job has no tokens to manage.
  const source = environmentSource(options, io) ?? await selectLogin(options, io);
  return tokenApi(
    source,
    source.kind === "environment" ? undefined : new ManagementAccess(source, options, io),
    options,
    io,
  );
}

/** `access` is undefined where the environment's token is sent as it is. */
export function tokenApi(
  source: EnvironmentSource | Login,
  access: Access & Partial<AsyncDisposable> | undefined,
  { administer }: { administer?: boolean },
  io: ClientIo,
): TokenApi {
  const api = new ManagementApi(source, access, io);
  const permission = (own: string) => administer ? MANAGEMENT_SCOPES.admin : own;
  const READ = [permission(MANAGEMENT_SCOPES.read)];
  const WRITE = [permission(MANAGEMENT_SCOPES.write)];
  const token = async (path: string, scopes: readonly string[], request?: ManagementRequest) =>
    parseToken(await api.request(path, scopes, request) ?? {}) ?? unreadable(api);
  const created = async (path: string, scopes: readonly string[], json: unknown) =>
    parseCreatedToken(await api.request(path, [...WRITE, ...scopes], { json }) ?? {}) ??
      unreadable(api);

  /** For completion: names of the login's own tokens. */
  const remember = async (change: (known: CachedToken[]) => CachedToken[]) => {
    if (source.kind === "environment" || administer) return;
    await updateCompletionCache(source, ({ tokens }) => ({
      tokens: change(tokens).map(({ id, name }) => ({ id, name })),
    }), io);
  };
  const withRemembered = async <T extends CachedToken>(result: Promise<T>): Promise<T> => {
    const token = await result;
    await remember((known) => [...known.filter(({ id }) => id !== token.id), token]);
    return token;
  };

  return {
    server: api.server,
    create: ({ name, description, scopes, expiresIn, allowedAddresses, owner, resource }) =>
      withRemembered(created("/tokens", scopes, {
        name,
        description,
        scopes,
        expires_in: expiresIn,
        allowed_addresses: allowedAddresses,
        owner,
        resource,
      })),
    rotate: ({ id, scopes }, { overlap, expiresIn }) =>
      created(`/tokens/${encodeURIComponent(id)}/rotate`, scopes, {
        overlap,
        expires_in: expiresIn,
      }),
    import: ({ tokenHash, expiresAt, allowedAddresses, ...rest }, scopes) =>
      token("/tokens/import", [...WRITE, ...scopes], {
        json: {
          ...rest,
          token_hash: tokenHash,
          expires_at: expiresAt,
          allowed_addresses: allowedAddresses,
        },
      }),
    own: () => token("/token", []),
    async list(query) {
      const tokens = await listTokens(api, READ, query);
      const { search, all, ofThisLogin } = query;
      if (search === undefined && !all && !ofThisLogin) {
        await remember(() => tokens.filter((token) => isActive(token, io.clock)));
      }
      return tokens;
    },
    async find(id) {
      const path = `/tokens/${encodeURIComponent(id)}`;
      const body = await api.request(path, READ, { mayBeMissing: true });
      return body && (parseToken(body) ?? unreadable(api));
    },
    edit: (id, { allowedAddresses, ...rest }) =>
      withRemembered(token(`/tokens/${encodeURIComponent(id)}`, WRITE, {
        method: "PATCH",
        json: { ...rest, allowed_addresses: allowedAddresses },
      })),
    async scopes() {
      const body = await api.request("/scopes", READ, { mayBeMissing: true });
      if (body === undefined) return undefined;
      const scopes = parseScopes(body) ?? unreadable(api);
      if (source.kind !== "environment") await rememberScopes(source, scopes, io);
      return scopes;
    },
    async revoke(id) {
      await api.request(`/tokens/${encodeURIComponent(id)}`, WRITE, { method: "DELETE" });
      await remember((known) => known.filter((token) => token.id !== id));
    },
    async [Symbol.asyncDispose]() {
      await access?.[Symbol.asyncDispose]?.();
    },
  };
}

async function rememberScopes(
  login: Login,
  scopes: readonly ScopeInfo[],
  io: ClientIo,
): Promise<void> {
  await updateCompletionCache(login, () => ({
    scopes: scopes.map(({ name, description, forTokens }) => ({
      name,
      description: description ?? "",
      forTokens: forTokens ?? true,
    })),
  }), io);
}

async function listTokens(
  api: ManagementApi,
  scopes: readonly string[],
  { search, all, ofThisLogin }: Parameters<TokenApi["list"]>[0],
): Promise<PersonalAccessToken[]> {
  const tokens: PersonalAccessToken[] = [];
  const cursors = new Set<string>();
  let cursor: unknown;
  do {
    const query = new URLSearchParams({
      limit: String(PAGE_LENGTH),
      ...(search !== undefined && { search: searchTerm(search) }),
      ...(all && { all: "true" }),
      ...(ofThisLogin && { created_by: "login" }),
      ...(typeof cursor === "string" && { cursor }),
    });
    const page = await api.request(`/tokens?${query}`, scopes) ?? {};
    if (!Array.isArray(page.tokens)) return unreadable(api);
    for (const row of page.tokens) tokens.push(parseToken(Object(row)) ?? unreadable(api));
    cursor = page.next_cursor ?? undefined;
    if (typeof cursor !== "string") return tokens;
    // A repeated cursor would lead to the same pages without end.
    if (cursors.has(cursor)) return unreadable(api);
    cursors.add(cursor);
  } while (cursors.size < MAX_PAGES);
  throw new ClientError(
    "too_many_tokens",
    `${api.server} lists more than ${MAX_PAGES} pages of tokens. Use --search.`,
  );
}

/** Servers and proxies log addresses: a secret must not be in one. */
function searchTerm(text: string): string {
  return (prefixOfSecret(text) ?? text).slice(0, MAX_SEARCH_LENGTH);
}

function unreadable({ server }: ManagementApi): never {
  throw new ClientError(
    "invalid_response",
    `${server} sent an invalid response about tokens. Report this to its operator.`,
  );
}
