import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { OAuthError } from "../../shared/oauth_error.ts";
import type { Client } from "../store/clients.ts";
import type { TokenCheck } from "../token_check/token_check.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import { type FormParameters, readForm } from "./form.ts";

/** A form, and the client that proved to have sent it. */
export interface ClientRequest {
  form: FormParameters;
  client: Client;
}

/** Reads a request to an endpoint that is for clients alone. */
export async function readClientRequest(
  tokenCheck: Pick<TokenCheck, "client">,
  request: Request,
): Promise<ClientRequest | OAuthError> {
  const form = await readForm(request);
  if (form instanceof OAuthError) return form;
  const client = await authenticateClient(tokenCheck, request, form);
  return client instanceof OAuthError ? client : { form, client };
}

const UNKNOWN = "The client is unknown or its secret is wrong.";

/**
 * Tells which client asks (RFC 6749 section 2.3): by HTTP Basic, by client_id and
 * client_secret in the body, or, for public clients, by client_id alone.
 */
export async function authenticateClient(
  tokenCheck: Pick<TokenCheck, "client">,
  request: Request,
  form: FormParameters,
): Promise<Client | OAuthError> {
  const basic = basicCredentials(request.headers.get("authorization"));
  if (basic instanceof OAuthError) return basic;
  if (basic !== undefined && form("client_secret") !== undefined) {
    return new OAuthError("invalid_request", "Authenticate in one way: header or body, not both.");
  }
  if (basic !== undefined && (form("client_id") ?? basic.id) !== basic.id) {
    return new OAuthError("invalid_request", "client_id differs between header and body.");
  }
  const id = basic?.id ?? form("client_id");
  const secret = basic?.secret ?? form("client_secret");
  if (id === undefined) {
    return new OAuthError("invalid_client", "The parameter client_id is missing.");
  }
  const client = await tokenCheck.client(id);
  if (client === undefined) return new OAuthError("invalid_client", UNKNOWN);
  if (client.secretHash === undefined) {
    // A public client has no secret; one that sends any is misconfigured.
    return secret === undefined || secret === ""
      ? client
      : new OAuthError("invalid_client", UNKNOWN);
  }
  if (secret === undefined || !timingSafeEqual(tokenHash(secret), client.secretHash)) {
    return new OAuthError("invalid_client", UNKNOWN);
  }
  return client;
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined. */
function basicCredentials(
  header: string | null,
): { id: string; secret: string } | OAuthError | undefined {
  const match = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? "");
  if (match === null) return undefined;
  try {
    const text = Buffer.from(match[1], "base64").toString();
    const colon = text.indexOf(":");
    if (colon < 0) throw new SyntaxError("no colon");
    return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
  } catch {
    return new OAuthError("invalid_client", "The Authorization header cannot be read.");
  }
}

function formDecode(text: string): string {
  return /[+%]/.test(text) ? decodeURIComponent(text.replaceAll("+", " ")) : text;
}
