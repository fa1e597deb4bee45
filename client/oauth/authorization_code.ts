/** The authorization code grant with PKCE for native apps, client side (RFC 6749, 7636, 8252, 9207). */
import { brand } from "../../shared/brand.ts";
import { AUTHORIZATION_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import type { AuthorizationServer } from "./discovery.ts";
import { tryAgain } from "./retry_after.ts";
import { requestTokens, type TokenEndpointResponse } from "./token_endpoint.ts";

/** For the code, which the server has just issued, while it says that it is busy. */
const REDEMPTIONS = 3;
const MAX_PAUSE_MS = 5000;

export interface AuthorizationParameters {
  scope: string;
  /** RFC 8707 */
  resources?: readonly string[];
  /** What this machine calls itself; our server shows it to the user. */
  login_name?: string;
}

/** One authorization request. Only the URL leaves this process. */
export interface AuthorizationRequest {
  url: string;
  redirectUri: string;
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** Whether the server has what a login in the browser needs (RFC 8414 section 2). */
export function supportsBrowserLogin({ authorizationEndpoint }: AuthorizationServer): boolean {
  return authorizationEndpoint !== undefined;
}

export async function createAuthorizationRequest(
  server: AuthorizationServer,
  redirectUri: string,
  { resources = [], ...parameters }: AuthorizationParameters,
): Promise<AuthorizationRequest> {
  if (server.authorizationEndpoint === undefined) {
    throw new ClientError("unsupported", `${server.issuer} does not offer logins in the browser.`);
  }
  // RFC 7636 section 7.1: 256 random bits.
  const [state, nonce, codeVerifier] = [randomText(32), randomText(32), randomText(32)];
  const url = new URL(server.authorizationEndpoint);
  const query = {
    response_type: "code",
    client_id: brand.cliClientId,
    redirect_uri: redirectUri,
    ...parameters,
    state,
    nonce,
    code_challenge: base64url(await sha256(codeVerifier)),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  for (const resource of resources) url.searchParams.append("resource", resource);
  return { url: url.href, redirectUri, state, nonce, codeVerifier };
}

/**
 * The code in an authorization response (RFC 6749 section 4.1.2), or why the login fails. Undefined
 * if it is not the response to this request: anything on this machine, and any page in the browser,
 * can send one.
 */
export function readAuthorizationResponse(
  server: AuthorizationServer,
  { state }: AuthorizationRequest,
  parameters: URLSearchParams,
): { code: string } | ClientError | undefined {
  const names = ["state", "iss", "code", "error"];
  // RFC 6749 section 3.1: none occurs twice.
  if (names.some((name) => parameters.getAll(name).length > 1)) return undefined;
  const [responseState, iss, code, error] = names.map((name) => parameters.get(name));
  if (responseState !== state) return undefined;
  // RFC 9207 section 2.4: without it, the code could be one of another server (mix-up). Errors too.
  const isFromServer = iss === null ? !server.sendsIssuer : iss === server.issuer;
  if (!isFromServer) {
    return new ClientError(
      "wrong_server",
      `The response in the browser came from ${
        iss === null ? "an unknown server" : sanitizeLine(iss)
      }, not from ${server.issuer}. The login was stopped, and nothing was stored.`,
    );
  }
  if (error !== null) return rejection(server, error, parameters.get("error_description"));
  if (code) return { code };
  return invalidResponse(server, "an authorization response without a code");
}

/** Redeems the code, once (RFC 6749 section 4.1.3). */
export async function redeemCode(
  server: AuthorizationServer,
  { redirectUri, codeVerifier }: AuthorizationRequest,
  code: string,
  io: ClientIo,
): Promise<Extract<TokenEndpointResponse, { kind: "tokens" }>> {
  const parameters = {
    grant_type: AUTHORIZATION_CODE_GRANT,
    code,
    redirect_uri: redirectUri,
    code_verifier: codeVerifier,
  };
  for (let attempt = 1;; attempt++) {
    const response = await requestTokens(server, parameters, io);
    if (response.kind === "tokens") return response;
    if (response.kind === "rejected") {
      throw new ClientError(
        "request_rejected",
        `${server.issuer} did not accept the response of the browser: ${response.message}. ` +
          `To try again, run: ${brand.binaryName} login`,
      );
    }
    if (attempt === REDEMPTIONS) {
      throw new ClientError(
        "server_unavailable",
        `${server.issuer} cannot answer at the moment (HTTP ${response.status}). ` +
          tryAgain(response.retryAfter),
      );
    }
    const pauseMs = Math.min((response.retryAfter ?? 1) * 1000, MAX_PAUSE_MS);
    await io.sleep(pauseMs, io.signal);
  }
}

function rejection(
  server: AuthorizationServer,
  error: string,
  description: string | null,
): ClientError {
  if (error === "access_denied") {
    return new ClientError(
      "approval_denied",
      "The login was denied in the browser; nothing was stored. " +
        `To try again, run: ${brand.binaryName} login`,
    );
  }
  const reason = sanitizeLine(description ?? "", 300) || sanitizeLine(error, 100);
  return new ClientError(
    "request_rejected",
    `${server.issuer} rejected the login in the browser: ${reason}`,
  );
}

function invalidResponse(server: AuthorizationServer, what: string): ClientError {
  return new ClientError(
    "invalid_response",
    `${server.issuer} sent ${what}. Report this to its operator.`,
  );
}

/** For addresses: letters, digits, `-` and `_`. */
export function randomText(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
