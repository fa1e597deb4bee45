import type { OAuthError } from "../../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { ClientInfo } from "../../http/client_info.ts";
import type { Client, ClientGrant } from "../../store/clients.ts";

/** A parsed token request (RFC 6749 section 3.2) of an authenticated client. */
export interface TokenRequest extends ClientInfo {
  client: Client;
  /** The value of a parameter; an empty one counts as absent (RFC 6749 section 3.2). */
  parameter(name: string): string | undefined;
}

/** A grant type. A new one is a file in this folder and a line in app.ts. */
export interface Grant {
  /** Its `grant_type`. */
  type: string;
  /** What the client must be allowed: one of these. */
  allowedBy: readonly ClientGrant[];
  /** Whether the token in the request is enough to identify the client (RFC 8693 section 2.1). */
  clientOptional?: true;
  /** The answer to a request that failed; without one, temporarily_unavailable (503). */
  whenUnavailable?(): OAuthError;
  handle(request: TokenRequest): Promise<TokenResponse | OAuthError>;
}
