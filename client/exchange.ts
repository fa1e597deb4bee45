/** A token that any API takes: a personal access token can be traded for a short JWT (RFC 8693). */
import { brand } from "../shared/brand.ts";
import { EXIT } from "../shared/exit_codes.ts";
import { TOKEN_EXCHANGE_GRANT } from "../shared/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../shared/token_types.ts";
import { discover } from "./authorization_server.ts";
import { ClientError } from "./client_error.ts";
import type { ClientIo } from "./client_io.ts";
import { uncheckedClaims } from "./jwt_claims.ts";
import { plainText } from "./output.ts";
import {
  type EnvironmentSession,
  type Session,
  type SessionToken,
  sessionToken,
} from "./session.ts";
import { requestTokens } from "./token_request.ts";

/** Whether the session's token is an opaque one that can be traded; a login has JWTs anyway. */
export function isTradable(session: Session): session is EnvironmentSession {
  return session.source === "environment" && uncheckedClaims(session.token) === undefined;
}

/** The session's token, as `sessionToken` gives it, traded for a JWT if it is not one already. */
export async function sessionJwt(
  session: Session,
  minTtlMs: number,
  scope: string | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  return isTradable(session)
    ? await trade(session, scope, io)
    : await sessionToken(session, minTtlMs, io);
}

async function trade(
  session: EnvironmentSession,
  scope: string | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  const issuer = session.server ?? brand.defaultServer;
  const answer = await requestTokens(await discover(issuer, io), {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token: session.token,
    subject_token_type: ACCESS_TOKEN_TYPE,
    ...(scope !== undefined && { scope }),
  }, io);
  switch (answer.kind) {
    case "tokens":
      return {
        token: answer.tokens.access_token,
        expiresAt: answer.receivedAt + answer.tokens.expires_in * 1000,
        scope: answer.tokens.scope || undefined,
      };
    case "temporary":
      throw new ClientError(
        EXIT.temporaryFailure,
        `${issuer} cannot trade the token at the moment (HTTP ${answer.status}). Try again later.`,
      );
    case "refused": {
      // RFC 8693 section 2.2.2: a token that will not do is an invalid_request.
      const unusable = ["invalid_request", "invalid_grant"].includes(answer.error);
      throw new ClientError(
        unusable ? EXIT.authenticationRequired : EXIT.failure,
        `${issuer} did not trade the token in ${brand.envPrefix}_TOKEN: ` +
          plainText(answer.description ?? answer.error, 500),
      );
    }
  }
}
