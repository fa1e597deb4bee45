/** Personal access tokens over the server's REST interface; `/api/openapi.json` there describes it. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { MANAGEMENT_PATH, MANAGEMENT_SCOPES } from "../../shared/management.ts";
import { parseScope } from "../../shared/oauth/scope.ts";
import { ClientError, sessionExpired } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { type Answer, askServer, isTemporary } from "../oauth/http.ts";
import { type ApprovalOptions, ManagementAccess } from "../auth/management_token.ts";
import {
  chooseLogin,
  type EnvironmentSession,
  environmentSession,
  type LoginSession,
  type Selection,
  serverOf,
} from "../auth/token_source.ts";
import { beginningOfSecret } from "./token_prefix.ts";

/** A token as the server tells of it. Moments are ISO 8601. All texts are as they came. */
export interface PersonalAccessToken {
  id: string;
  name: string;
  /** Its first characters. */
  prefix: string;
  scopes: string[];
  allowed_addresses: string[];
  created_at: string;
  /** null: it has no end. */
  expires_at: string | null;
  last_used_at: string | null;
  last_used_address: string | null;
  last_used_agent: string | null;
  revoked_at: string | null;
  revoked_reason: string | null;
  rotated_from: string | null;
  /** The login it was created with; older servers do not say. */
  login_id?: string | null;
  /** Who found it in the open, and where; older servers do not tell. */
  leak?: { at: string; reporter: string; place: string | null } | null;
  owner: { kind: string; id: string; username: string };
}

/** One that was made just now, with its secret. */
export interface MadeToken extends PersonalAccessToken {
  token: string;
}

export interface NewToken {
  name: string;
  scopes: string[];
  /** Seconds; null: never; absent: the server's default. */
  expires_in?: number | null;
  allowed_addresses?: string[];
  /** A service account, for administrators. */
  owner?: string;
}

/** One of an older deployment, as the REST interface takes it. */
export interface ImportedToken {
  /** SHA-256 of the token, in hexadecimal. */
  token_hash: string;
  name: string;
  owner: string;
  scopes: string[];
  /** null: never. */
  expires_at: string | null;
  allowed_addresses?: string[];
}

/** The server's policy does not allow a token to live that long. */
export class LifetimeTooLongError extends ClientError {
  constructor(
    exitCode: ClientError["exitCode"],
    message: string,
    /** The longest life it allows, in seconds. */
    readonly maxSeconds: number,
  ) {
    super(exitCode, message);
  }
}

/** The REST interface as one session may use it. */
export interface TokenApi extends AsyncDisposable {
  server: string;
  create(wish: NewToken): Promise<MadeToken>;
  /** `scopes`: what one approval should cover, for several imports. */
  import(token: ImportedToken, scopes: readonly string[]): Promise<PersonalAccessToken>;
  /** All that fit, the newest first. Of a secret in `search` only the beginning is sent. */
  list(
    query: { search?: string; all?: boolean; ofThisLogin?: boolean },
  ): Promise<PersonalAccessToken[]>;
  /** One by its id; undefined if there is none. */
  find(id: string): Promise<PersonalAccessToken | undefined>;
  /** The very token the request is made with. */
  own(): Promise<PersonalAccessToken>;
  /** `overlap` in seconds. */
  rotate(
    token: Pick<PersonalAccessToken, "id" | "scopes">,
    wish: { overlap: number; expires_in?: number | null },
  ): Promise<MadeToken>;
  revoke(id: string): Promise<void>;
}

/** Tokens on a page: however long their names and networks are, an answer is not too large. */
const PAGE_LENGTH = 50;
/** Pages that are read of one list, so that no server keeps us reading: 20,000 tokens. */
const MAX_PAGES = 400;
/** The server takes no longer ones, in characters. */
const MAX_SEARCH_LENGTH = 100;

export interface TokenApiOptions extends Selection, ApprovalOptions {
  /** As an administrator: other accounts' tokens too. */
  administer?: boolean;
}

/**
 * The interface for the login that is meant, or for the token in the environment. Where
 * the login does not permit what is done, the person is asked to approve it.
 */
export async function openTokenApi(options: TokenApiOptions, io: ClientIo): Promise<TokenApi> {
  // Only a person has tokens to manage: a job's own identity is not asked for.
  const session = environmentSession(options, io) ?? await chooseLogin(options, io);
  return tokenApi(
    session,
    session.source === "environment" ? undefined : new ManagementAccess(session, options, io),
    options,
    io,
  );
}

/** `access` is undefined where the environment's token is sent as it is. */
export function tokenApi(
  session: EnvironmentSession | LoginSession,
  access: Pick<ManagementAccess, "token" | "forget" | typeof Symbol.asyncDispose> | undefined,
  { administer }: { administer?: boolean },
  io: ClientIo,
): TokenApi {
  const server = serverOf(session);
  const base = `${server}${MANAGEMENT_PATH}`;
  const permission = (own: string) => administer ? MANAGEMENT_SCOPES.admin : own;
  const READ = [permission(MANAGEMENT_SCOPES.read)];
  const WRITE = [permission(MANAGEMENT_SCOPES.write)];

  /** The answer's body; undefined for 404 where `orNone` allows it. Throws ClientError. */
  async function ask(
    path: string,
    scopes: readonly string[],
    { method, json, orNone }: { method?: string; json?: unknown; orNone?: boolean } = {},
  ): Promise<Record<string, unknown> | undefined> {
    const send = async (wanted: readonly string[], approval?: { newApproval: boolean }) => {
      const token = session.source === "environment"
        ? session.token
        : await access!.token(wanted, approval);
      const options = { method, json, bearerToken: token, mayBeMissing: true };
      const answer = await askServer(`${base}${path}`, io, options);
      return { token, answer };
    };
    let { token, answer } = await send(scopes);
    if (access !== undefined && needsAnotherToken(answer)) {
      access.forget(token);
      const { required_scope: required, type } = answer.body ?? {};
      const more = typeof required === "string" ? parseScope(required) ?? [] : [];
      // RFC 9470: however good the login is, its sign-in is too old for this.
      const newApproval = typeof type === "string" && type.endsWith("#fresh-sign-in");
      ({ token, answer } = await send([...new Set([...scopes, ...more])], { newApproval }));
    }
    if (answer.status === 404 && orNone && isProblem(answer)) return undefined;
    if (answer.status >= 200 && answer.status < 300) return answer.body ?? {};
    const failure = refusal(server, session, answer);
    const max = answer.body?.max_expires_in;
    throw typeof max === "number" && Number.isSafeInteger(max)
      ? new LifetimeTooLongError(failure.exitCode, failure.message, max)
      : failure;
  }

  const one = async (
    path: string,
    scopes: readonly string[],
    options?: Parameters<typeof ask>[2],
  ) => checked(server, await ask(path, scopes, options) ?? {});
  const made = async (
    path: string,
    scopes: readonly string[],
    json: unknown,
  ): Promise<MadeToken> => {
    const token = await one(path, [...WRITE, ...scopes], { json });
    if ("token" in token && typeof token.token === "string" && /^[\x21-\x7e]+$/.test(token.token)) {
      return token as MadeToken;
    }
    throw unreadable(server);
  };

  return {
    server,
    create: (wish) => made("/tokens", wish.scopes, wish),
    rotate: ({ id, scopes }, wish) =>
      made(`/tokens/${encodeURIComponent(id)}/rotate`, scopes, wish),
    import: (token, scopes) => one("/tokens/import", [...WRITE, ...scopes], { json: token }),
    own: () => one("/token", []),
    async list({ search, all, ofThisLogin }) {
      const tokens: PersonalAccessToken[] = [];
      const cursors = new Set<string>();
      let cursor: unknown;
      do {
        const query = new URLSearchParams({
          limit: String(PAGE_LENGTH),
          ...(search !== undefined && { search: fitSearch(search) }),
          ...(all && { all: "true" }),
          ...(ofThisLogin && { created_by: "login" }),
          ...(typeof cursor === "string" && { cursor }),
        });
        const page = await ask(`/tokens?${query}`, READ) ?? {};
        if (!Array.isArray(page.tokens)) throw unreadable(server);
        tokens.push(...page.tokens.map((each) => checked(server, Object(each))));
        cursor = page.next_cursor ?? undefined;
        if (typeof cursor !== "string") return tokens;
        // A cursor that comes again leads to the same pages without end.
        if (cursors.has(cursor)) throw unreadable(server);
        cursors.add(cursor);
      } while (cursors.size < MAX_PAGES);
      throw new ClientError(
        EXIT.failure,
        `${server} lists more than ${MAX_PAGES} pages of tokens. Narrow it down with --search.`,
      );
    },
    async find(id) {
      const body = await ask(`/tokens/${encodeURIComponent(id)}`, READ, { orNone: true });
      return body && checked(server, body);
    },
    async revoke(id) {
      await ask(`/tokens/${encodeURIComponent(id)}`, WRITE, { method: "DELETE" });
    },
    async [Symbol.asyncDispose]() {
      await access?.[Symbol.asyncDispose]();
    },
  };
}

/** A secret must not stand in an address, which servers and proxies log. */
function fitSearch(text: string): string {
  return (beginningOfSecret(text) ?? text).slice(0, MAX_SEARCH_LENGTH);
}

/** The words of a problem (RFC 9457 section 3.1), made fit for a terminal; undefined if it is none. */
export function problemWords({ body }: Pick<Answer, "body">): string | undefined {
  const words = body?.detail ?? body?.title;
  return typeof words === "string" ? sanitizeLine(words, 500) : undefined;
}

function isProblem(answer: Answer): boolean {
  return problemWords(answer) !== undefined;
}

/** Whether a new approval would help: the token is no longer good, or covers less than is needed. */
function needsAnotherToken({ status, body }: Answer): boolean {
  return status === 401 || (status === 403 && typeof body?.required_scope === "string");
}

function refusal(
  server: string,
  session: EnvironmentSession | LoginSession,
  answer: Answer,
): ClientError {
  const words = problemWords(answer);
  const variable = `${brand.envPrefix}_TOKEN`;
  const byVariable = session.source === "environment";
  const toLogin = `To use your login instead of ${variable}, unset it.`;
  if (isTemporary(answer.status)) {
    return new ClientError(
      EXIT.temporaryFailure,
      words === undefined
        ? `${server} cannot answer at the moment (HTTP ${answer.status}). Try again later.`
        : `${server} cannot do this at the moment: ${words}`,
    );
  }
  if (answer.status === 401) {
    return byVariable
      ? new ClientError(
        EXIT.authenticationRequired,
        `${server} does not accept the token in ${variable}${
          words ? `: ${words}` : "."
        } ${toLogin}`,
      )
      : sessionExpired();
  }
  if (answer.status === 404 && words === undefined) {
    return new ClientError(EXIT.failure, `${server} knows no personal access tokens (HTTP 404).`);
  }
  const hint = answer.status === 403 && byVariable ? ` ${toLogin}` : "";
  return new ClientError(
    EXIT.failure,
    words === undefined
      ? `${server} refused (HTTP ${answer.status}).${hint}`
      : `${server} refused: ${words}${hint}`,
  );
}

/** Throws ClientError for anything that is not a token as the interface describes it. */
function checked(server: string, body: Record<string, unknown>): PersonalAccessToken {
  const { id, name, prefix, scopes, allowed_addresses: addresses, owner } = body;
  const isText = (value: unknown) => typeof value === "string";
  const isMoment = (value: unknown) => isText(value) && !Number.isNaN(Date.parse(String(value)));
  // It becomes part of commands that we suggest, which people paste into a shell.
  const isId = (value: unknown) => /^\w[\w.-]{0,99}$/.test(String(value));
  const isFit = isId(id) && [id, name, prefix].every(isText) && isMoment(body.created_at) &&
    [scopes, addresses].every((list) => Array.isArray(list) && list.every(isText)) &&
    [body.expires_at, body.last_used_at, body.revoked_at]
      .every((moment) => moment === null || isMoment(moment)) &&
    isText(Object(owner).username);
  if (!isFit) throw unreadable(server);
  return body as unknown as PersonalAccessToken;
}

function unreadable(server: string): ClientError {
  return new ClientError(EXIT.failure, `${server} sent an answer about tokens we cannot read.`);
}
