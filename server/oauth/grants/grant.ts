import type { OAuthError } from "../../../shared/oauth/errors.ts";
import type { TokenResponse } from "../../../shared/oauth/token_response.ts";
import type { Client } from "../../store/clients.ts";

/** A token request (RFC 6749 section 3.2), parsed, its client authenticated. */
export interface TokenRequest {
  client: Client;
  /** The value of a parameter; empty ones count as absent (RFC 6749 section 3.2). */
  parameter(name: string): string | undefined;
  /** Where it came from, for audit and for people's list of logins. */
  address: string;
  userAgent: string;
}

/** One way to get tokens. A new one is a new file and a line in app.ts. */
export interface Grant {
  /** Its `grant_type`. */
  type: string;
  /** Whether a request may come without a client: the token in it says who asks (RFC 8693 section 2.1). */
  clientOptional?: true;
  /** The answer while the server cannot answer; without one, temporarily_unavailable (503). */
  whenUnavailable?(): OAuthError;
  handle(request: TokenRequest): Promise<TokenResponse | OAuthError>;
}
