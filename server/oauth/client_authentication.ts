import { timingSafeEqual } from "node:crypto";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { Client } from "../store/clients.ts";
import type { ClientCache } from "../validation/client_cache.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { decodeBasicCredentials, encodedBasicCredentials } from "../http/authorization.ts";
import { type FormOptions, type FormParameters, readForm } from "../http/form.ts";

/** A form, and the client that proved to have sent it. */
export interface ClientRequest {
  form: FormParameters;
  client: Client;
}

/** Reads a request to an endpoint that is only for clients. */
export async function readClientRequest(
  clients: Pick<ClientCache, "find" | "authenticated" | "authenticate">,
  request: Request,
  options: FormOptions,
): Promise<ClientRequest | OAuthError> {
  const form = await readForm(request, options);
  if (form instanceof OAuthError) return form;
  const client = await authenticateClient(clients, request, form);
  return client instanceof OAuthError ? client : { form, client };
}

/** Longest encoded credentials that are remembered, in characters. */
const MAX_REMEMBERED_LENGTH = 500;

const UNKNOWN = "The client is unknown or its secret is wrong.";

/**
 * Tells which client asks (RFC 6749 section 2.3): by HTTP Basic, by client_id and
 * client_secret in the body, or, for public clients, by client_id alone.
 */
export async function authenticateClient(
  clients: Pick<ClientCache, "find" | "authenticated" | "authenticate">,
  request: Request,
  form: FormParameters,
): Promise<Client | OAuthError> {
  const encoded = encodedBasicCredentials(request.headers);
  const [id, secret] = [form("client_id"), form("client_secret")];
  if (encoded === undefined) {
    if (id === undefined) {
      return new OAuthError("invalid_client", "The parameter client_id is missing.");
    }
    const client = await findGenuineClient(clients, { id, secret });
    if (client !== undefined) return client;
    // A client with a secret that sends none has failed to authenticate.
    const unauthenticated = secret === undefined && await clients.find(id) === undefined;
    return new OAuthError("invalid_client", UNKNOWN, { unauthenticated });
  }
  if (secret !== undefined) {
    return new OAuthError("invalid_request", "Authenticate in one way: header or body, not both.");
  }
  const prove = async () => {
    const credentials = clientCredentials(encoded);
    return credentials && await findGenuineClient(clients, credentials);
  };
  // What is longer need not be remembered, nor take memory.
  const client = encoded.length > MAX_REMEMBERED_LENGTH
    ? await prove()
    : clients.authenticated(encoded) ?? await clients.authenticate(encoded, prove);
  if (client === undefined) return new OAuthError("invalid_client", UNKNOWN);
  if (id !== undefined && id !== client.id) {
    return new OAuthError("invalid_request", "client_id differs between header and body.");
  }
  return client;
}

/** The client that is called `id` and has this secret, or that is public and sends none. */
async function findGenuineClient(
  clients: Pick<ClientCache, "find">,
  { id, secret }: { id: string; secret?: string },
): Promise<Client | undefined> {
  const client = await clients.find(id);
  if (client === undefined) return undefined;
  if (client.secretHash === undefined) {
    // A public client has no secret; one that sends any is misconfigured.
    return secret === undefined || secret === "" ? client : undefined;
  }
  const genuine = secret !== undefined && timingSafeEqual(tokenHash(secret), client.secretHash);
  return genuine ? client : undefined;
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined. */
function clientCredentials(encoded: string): { id: string; secret: string } | undefined {
  const sent = decodeBasicCredentials(encoded);
  try {
    return sent && { id: formDecode(sent.user), secret: formDecode(sent.password) };
  } catch {
    return undefined;
  }
}

function formDecode(text: string): string {
  return /[+%]/.test(text) ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}
