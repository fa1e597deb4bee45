/** Token exchange (RFC 8693): a token of another kind for an access token of the server. */
import { TOKEN_EXCHANGE_GRANT } from "../../shared/oauth/grant_types.ts";
import { discover } from "./discovery.ts";
import type { ClientIo } from "../io.ts";
import { requestTokens, type TokenEndpointResponse } from "./token_endpoint.ts";

/** The token to exchange. */
export interface Subject {
  token: string;
  /** One of shared/oauth/token_types.ts. */
  type: string;
  /** Scopes to request; undefined for all that the server grants. */
  scope: string | undefined;
}

export interface ExchangedToken {
  token: string;
  /** In ms since the epoch. */
  expiresAt: number;
  scope: string | undefined;
  /** Its whole lifetime, in ms: later tokens do not live longer. */
  maxLifetimeMs: number;
}

export type ExchangeResponse =
  | { kind: "token"; token: ExchangedToken }
  | Exclude<TokenEndpointResponse, { kind: "tokens" }>;

/** Nothing is stored. Throws what `discover` and `requestTokens` throw. */
export async function exchangeToken(
  issuer: string,
  subject: Subject,
  io: ClientIo,
): Promise<ExchangeResponse> {
  const response = await requestTokens(await discover(issuer, io), {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: subject.token,
    subject_token_type: subject.type,
    ...(subject.scope !== undefined && { scope: subject.scope }),
  }, io);
  if (response.kind !== "tokens") return response;
  const { tokens, receivedAt } = response;
  return {
    kind: "token",
    token: {
      token: tokens.access_token,
      expiresAt: receivedAt + tokens.expires_in * 1000,
      scope: tokens.scope || undefined,
      maxLifetimeMs: tokens.expires_in * 1000,
    },
  };
}

/** Whether the token was rejected (RFC 8693 section 2.2.2), not what was requested. */
export function isOfSubject({ error }: { error: string }): boolean {
  return error === "invalid_request" || error === "invalid_grant";
}
