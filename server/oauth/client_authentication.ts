import { timingSafeEqual } from "node:crypto";
import { OAuthError } from "../../shared/oauth/errors.ts";
import { decodeBasicCredentials, encodedBasicCredentials } from "../http/authorization.ts";
import { type FormOptions, type FormParameters, readForm } from "../http/form.ts";
import type { Client } from "../store/clients.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { AuthenticatedClient, ClientCache } from "../validation/client_cache.ts";

/** Longest Authorization header that is cached, in characters. */
const MAX_CACHED_LENGTH = 500;

/** A form, and the client that sent it. */
export interface ClientRequest {
  form: FormParameters;
  client: Client;
}

type Clients = Pick<ClientCache, "find" | "authenticated" | "authenticate">;

/** Reads a request to an endpoint that only clients may use. */
export async function readClientRequest(
  clients: Clients,
  request: Request,
  options: FormOptions,
): Promise<ClientRequest | OAuthError> {
  const form = await readForm(request, options);
  if (form instanceof OAuthError) return form;
  const client = await authenticateClient(clients, request.headers, form);
  return client instanceof OAuthError ? client : { form, client };
}

/**
 * The client, or the error, of credentials in the Authorization header that were verified before;
 * undefined if they must be verified. The whole header is looked up, which spares parsing it. `now`
 * is that of `InvalidatingCache.get`.
 */
export function authenticateKnownClient(
  clients: Pick<Clients, "authenticated">,
  headers: Headers,
  form: FormParameters,
  now?: number,
): Client | OAuthError | undefined {
  const header = headers.get("authorization");
  if (header === null || header.length > MAX_CACHED_LENGTH) return undefined;
  // In both places, which is an error.
  if (form("client_secret") !== undefined) return undefined;
  const client = clients.authenticated(header, now);
  return client && ifIdentified(client, form("client_id"));
}

/**
 * Authenticates a client (RFC 6749 section 2.3): by HTTP Basic, by client_id and client_secret
 * in the body or, if it is public, by client_id only.
 */
export async function authenticateClient(
  clients: Clients,
  headers: Headers,
  form: FormParameters,
): Promise<Client | OAuthError> {
  return authenticateKnownClient(clients, headers, form) ??
    await verifyClient(clients, headers, form);
}

/** The same for credentials that `authenticateKnownClient` does not know. */
export async function verifyClient(
  clients: Clients,
  headers: Headers,
  form: FormParameters,
): Promise<Client | OAuthError> {
  const [id, secret] = [form("client_id"), form("client_secret")];
  const encoded = encodedBasicCredentials(headers);
  if (encoded === undefined) {
    if (id === undefined) {
      return new OAuthError("invalid_client", "The parameter client_id is missing.");
    }
    const authenticated = await verifySecret(clients, { id, secret });
    if (authenticated !== undefined) return ifEnabled(authenticated.client);
    // A confidential client that sends no secret has failed to authenticate.
    const unauthenticated = secret === undefined && await clients.find(id) === undefined;
    return invalidClient(unauthenticated);
  }
  if (secret !== undefined) {
    return new OAuthError(
      "invalid_request",
      "Send the client credentials in the Authorization header or in the body, not in both.",
    );
  }
  const authenticate = async () => {
    const credentials = clientCredentials(encoded);
    return credentials && await verifySecret(clients, credentials);
  };
  const header = headers.get("authorization")!;
  const authenticated = header.length <= MAX_CACHED_LENGTH
    ? await clients.authenticate(header, authenticate)
    : await authenticate();
  return authenticated === undefined ? invalidClient() : ifIdentified(authenticated.client, id);
}

/** The client, or the error if `id` in the body names another one or the client is disabled. */
function ifIdentified(client: Client, id: string | undefined): Client | OAuthError {
  if (id !== undefined && id !== client.id) {
    return new OAuthError(
      "invalid_request",
      "The client_id in the body is not the one in the Authorization header.",
    );
  }
  return ifEnabled(client);
}

/** The client, or the error if it is disabled. */
export function ifEnabled(client: Client): Client | OAuthError {
  if (client.disabledAt === undefined) return client;
  return new OAuthError(
    "invalid_client",
    `The client ${client.id} is disabled. Ask the operator of this server to enable it.`,
  );
}

function invalidClient(unauthenticated = false): OAuthError {
  return new OAuthError("invalid_client", "The client is unknown or its secret is wrong.", {
    unauthenticated,
  });
}

/** The client `id`, if this is its secret or if it is public and sends none. */
async function verifySecret(
  clients: Pick<Clients, "find">,
  { id, secret }: { id: string; secret?: string },
): Promise<AuthenticatedClient | undefined> {
  const client = await clients.find(id);
  if (client === undefined) return undefined;
  const { secretHash, previousSecret } = client;
  if (secretHash === undefined) {
    // A public client that sends a secret is misconfigured. Its credentials are free to invent.
    const isPublic = secret === undefined || secret === "";
    return isPublic ? { client, cacheable: false } : undefined;
  }
  if (secret === undefined) return undefined;
  const hash = tokenHash(secret);
  if (timingSafeEqual(hash, secretHash)) return { client, cacheable: true };
  // It expires without a change in the database, which would invalidate the cache.
  const isPrevious = previousSecret !== undefined && timingSafeEqual(hash, previousSecret.hash);
  return isPrevious ? { client, cacheable: false } : undefined;
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined. */
function clientCredentials(encoded: string): { id: string; secret: string } | undefined {
  const credentials = decodeBasicCredentials(encoded);
  try {
    return credentials && {
      id: formDecode(credentials.user),
      secret: formDecode(credentials.password),
    };
  } catch {
    return undefined;
  }
}

function formDecode(text: string): string {
  return /[+%]/.test(text) ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}
