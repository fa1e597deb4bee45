import { OAuthError, type OAuthErrorCode } from "../../shared/oauth/errors.ts";
import { toLoginName } from "../../shared/login_name.ts";
import { findRedirectUri, withParameters } from "../../shared/oauth/redirect_uri.ts";
import { DomainError } from "../domain_error.ts";
import { storedResources } from "../resources/catalog.ts";
import type { Acr } from "../../shared/oauth/acr.ts";
import type { Client } from "../store/clients.ts";
import { isCodeChallenge } from "../tokens/pkce.ts";
import type { TokenValidator } from "../validation/token_validator.ts";
import { checkRequestedScope, DEFAULT_SCOPE, type RequestedScopeDeps } from "./requested_scope.ts";
import type { DocumentClients } from "./client_documents/document_clients.ts";
import { missingParameter } from "./missing_parameter.ts";
import { parseAcrValues } from "./requested_acr.ts";
import { requestedResources } from "./requested_resource.ts";

/**
 * Longest query of an authorization request, in characters. It travels through the sign-in page,
 * where encoding makes it longer, and proxies accept 8 KB.
 */
export const MAX_AUTHORIZATION_QUERY = 4096;

/** OpenID Connect Core 1.0 section 3.1.2.1. */
export const PROMPTS = ["none", "login", "consent", "select_account"] as const;
export type Prompt = typeof PROMPTS[number];

/** A valid authorization request (RFC 6749 section 4.1.1) of a registered client. */
export interface AuthorizationRequest {
  client: Client;
  redirectUri: string;
  /** The registered URI that it matches. */
  registeredRedirectUri: string;
  state?: string;
  scope: string;
  /** Whether it is for managing tokens, not for a login. */
  isManagement: boolean;
  /** As `storedResources` writes them; undefined: the default resource. */
  resources?: readonly string[];
  codeChallenge: string;
  nonce?: string;
  prompts: readonly Prompt[];
  /** Seconds. */
  maxAge?: number;
  /** What the sign-in must be at least. */
  requiredAcr?: Acr;
  loginHint?: string;
  /** What the program calls itself. Our extension. */
  loginName?: string;
}

/** Why a request gets an error page: redirecting could lead anywhere (RFC 6749 section 4.1.2.1). */
export interface UntrustedRequest {
  kind: "untrusted";
  code:
    | "too_long"
    | "malformed"
    | "client_id"
    | "unknown_client"
    | "client_disabled"
    | "redirect_uri"
    | "unregistered_redirect"
    | "client_document";
  /** As sent, if it is a known client. */
  client?: Client;
  /** What is wrong with the document of the client. */
  reason?: string;
}

/** A client that is not registered is looked up only for a user. */
interface AnonymousRequest {
  kind: "anonymous";
}

/** An error that the client learns by a redirect (RFC 6749 section 4.1.2.1). */
export interface RejectedRequest {
  kind: "rejected";
  client: Client;
  redirectUri: string;
  state?: string;
  error: OAuthError;
}

export type ParsedRequest =
  | { kind: "valid"; request: AuthorizationRequest }
  | RejectedRequest
  | UntrustedRequest
  | AnonymousRequest;

export interface AuthorizationDeps extends RequestedScopeDeps {
  tokenValidator: Pick<TokenValidator, "clients">;
  documentClients: Pick<DocumentClients, "accepts" | "find" | "isListed">;
}

/** Parameters that each occur at most once, except `resource` (RFC 6749 section 3.1, RFC 8707). */
interface Parameters {
  get(name: string): string | undefined;
  repeated: ReadonlySet<string>;
  resources: readonly string[];
}

/**
 * Parses the query of an authorization request, which anyone can have written. `userId` is that of
 * the signed-in user.
 */
export async function parseAuthorizationRequest(
  deps: AuthorizationDeps,
  query: string,
  userId: string | undefined,
): Promise<ParsedRequest> {
  const untrusted = (code: UntrustedRequest["code"], client?: Client): UntrustedRequest => ({
    kind: "untrusted",
    code,
    client,
  });
  if (query.length > MAX_AUTHORIZATION_QUERY) return untrusted("too_long");
  const parameters = readParameters(query);
  if (parameters === undefined) return untrusted("malformed");
  const clientId = parameters.get("client_id");
  if (clientId === undefined || parameters.repeated.has("client_id")) return untrusted("client_id");
  if (deps.documentClients.accepts(clientId) && userId === undefined) return { kind: "anonymous" };
  const client = await findClient(deps, clientId, userId);
  if (client instanceof DomainError) {
    return { kind: "untrusted", code: "client_document", reason: client.message };
  }
  if (client === undefined) return untrusted("unknown_client");
  if (client.disabledAt !== undefined) return untrusted("client_disabled", client);
  const redirectUri = parameters.get("redirect_uri");
  if (redirectUri === undefined || parameters.repeated.has("redirect_uri")) {
    return untrusted("redirect_uri", client);
  }
  const registeredRedirectUri = findRedirectUri(client.redirectUris ?? [], redirectUri);
  if (registeredRedirectUri === undefined) return untrusted("unregistered_redirect", client);

  const state = parameters.repeated.has("state") ? undefined : parameters.get("state");
  const rejected = (error: OAuthError) =>
    ({ kind: "rejected", client, redirectUri, state, error }) as const;
  const problem = checkParameters(parameters, client);
  if (problem !== undefined) return rejected(problem);
  const prompts = parsePrompts(parameters.get("prompt"));
  if (prompts instanceof OAuthError) return rejected(prompts);
  const maxAge = parseMaxAge(parameters.get("max_age"));
  if (maxAge instanceof OAuthError) return rejected(maxAge);
  const requiredAcr = parseAcrValues(parameters.get("acr_values"));
  if (requiredAcr instanceof OAuthError) return rejected(requiredAcr);
  const resources = requestedResources(deps.catalog, client, parameters.resources);
  if (resources instanceof OAuthError) return rejected(resources);
  const requested = parameters.get("scope") ?? DEFAULT_SCOPE;
  const scope = await checkRequestedScope(deps, client, resources, requested);
  if (scope instanceof OAuthError) return rejected(scope);
  return {
    kind: "valid",
    request: {
      client,
      redirectUri,
      registeredRedirectUri,
      state,
      scope,
      isManagement: resources.some(({ kind }) => kind === "management"),
      resources: storedResources(resources),
      codeChallenge: parameters.get("code_challenge")!,
      nonce: parameters.get("nonce"),
      prompts,
      maxAge,
      requiredAcr,
      loginHint: parameters.get("login_hint"),
      loginName: toLoginName(parameters.get("login_name")),
    },
  };
}

/** A registered client, or what its document says now. */
async function findClient(
  { documentClients, tokenValidator }: AuthorizationDeps,
  clientId: string,
  userId: string | undefined,
): Promise<Client | DomainError | undefined> {
  if (userId !== undefined && documentClients.accepts(clientId)) {
    return await documentClients.find(clientId, userId);
  }
  const client = await tokenValidator.clients.find(clientId);
  // The settings do not allow its document any more.
  return client?.document === undefined ? client : undefined;
}

/** Undefined if a parameter contains U+0000, which PostgreSQL rejects. */
function readParameters(query: string): Parameters | undefined {
  const values = new Map<string, string>();
  const repeated = new Set<string>();
  const resources: string[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (value.includes("\0")) return undefined;
    // RFC 6749 section 3.1: parameters without a value count as absent.
    if (value === "") continue;
    if (name === "resource") {
      resources.push(value);
    } else if (values.has(name)) {
      repeated.add(name);
    } else {
      values.set(name, value);
    }
  }
  return { get: (name) => values.get(name), repeated, resources };
}

const UNSUPPORTED = {
  request: "request_not_supported",
  request_uri: "request_uri_not_supported",
  registration: "registration_not_supported",
} as const satisfies Record<string, OAuthErrorCode>;

function checkParameters(
  { get, repeated }: Parameters,
  client: Client,
): OAuthError | undefined {
  if (repeated.size > 0) {
    return new OAuthError("invalid_request", "A parameter occurs more than once.");
  }
  for (const [name, code] of Object.entries(UNSUPPORTED)) {
    if (get(name) !== undefined) {
      return new OAuthError(code, `The parameter ${name} is not supported. Leave it out.`);
    }
  }
  const responseType = get("response_type");
  if (responseType === undefined) return missingParameter("response_type");
  if (responseType !== "code") {
    return new OAuthError(
      "unsupported_response_type",
      "The only supported response_type is code.",
    );
  }
  if ((get("response_mode") ?? "query") !== "query") {
    return new OAuthError("invalid_request", "The only supported response_mode is query.");
  }
  if (!client.grants.includes("code")) {
    return new OAuthError(
      "unauthorized_client",
      `The client ${client.id} may not use the authorization code grant. ` +
        "Ask the operator to allow it.",
    );
  }
  return checkChallenge(get);
}

/** RFC 7636 section 4.3, RFC 9700 section 2.1.1: required, and not the method plain. */
function checkChallenge(get: Parameters["get"]): OAuthError | undefined {
  const challenge = get("code_challenge");
  if (challenge === undefined) {
    return new OAuthError(
      "invalid_request",
      "The parameter code_challenge is missing: PKCE (RFC 7636) is required.",
    );
  }
  if (get("code_challenge_method") !== "S256") {
    return new OAuthError(
      "invalid_request",
      "The only supported code_challenge_method is S256. Send that parameter.",
    );
  }
  if (!isCodeChallenge(challenge)) {
    return new OAuthError(
      "invalid_request",
      "The parameter code_challenge is not a SHA-256 in base64url.",
    );
  }
}

function parsePrompts(text = ""): readonly Prompt[] | OAuthError {
  const names = text.split(" ").filter((name) => name !== "");
  const prompts = PROMPTS.filter((prompt) => names.includes(prompt));
  if (names.some((name) => !PROMPTS.some((prompt) => prompt === name))) {
    return new OAuthError(
      "invalid_request",
      `The parameter prompt has an unknown value. Known: ${PROMPTS.join(", ")}.`,
    );
  }
  // OpenID Connect Core 1.0 section 3.1.2.1.
  if (prompts.includes("none") && prompts.length > 1) {
    return new OAuthError("invalid_request", "The prompt none cannot be combined with others.");
  }
  return prompts;
}

function parseMaxAge(text: string | undefined): number | undefined | OAuthError {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  return new OAuthError("invalid_request", "The parameter max_age is not a number of seconds.");
}

/**
 * The URI with which the browser returns to the client (RFC 6749 sections 4.1.2 and 4.1.2.1). `iss`
 * names the server that it comes from (RFC 9207 section 2), in errors too.
 */
export function authorizationResponseUri(
  { issuer }: { issuer: string },
  { redirectUri, state }: { redirectUri: string; state?: string },
  response: { code: string } | OAuthError,
): string {
  return withParameters(redirectUri, {
    ...response instanceof OAuthError
      ? { error: response.code, error_description: descriptionOf(response) }
      : { code: response.code },
    ...state !== undefined && { state },
    iss: issuer,
  });
}

/** RFC 6749 section 4.1.2.1: printable ASCII without the quotation mark and the backslash. */
function descriptionOf({ message }: OAuthError): string {
  return message.replaceAll('"', "'").replace(/[^\x20-\x5b\x5d-\x7e]/g, "?");
}
