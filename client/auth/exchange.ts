/** A token that any API takes: a personal access token can be traded for a short JWT (RFC 8693). */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { ACCESS_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import {
  type EnvironmentSession,
  serverOf,
  type Session,
  type SessionToken,
  sessionToken,
} from "./token_source.ts";
import { exchangeToken, isOfSubject } from "../oauth/token_exchange.ts";

/** Whether the session's token is an opaque one that can be traded; a login has JWTs anyway. */
export function isExchangeable(session: Session): session is EnvironmentSession {
  return session.source === "environment" && unverifiedClaims(session.token) === undefined;
}

/** The session's token, as `sessionToken` gives it, traded for a JWT if it is not one already. */
export async function sessionJwt(
  session: Session,
  minTtlMs: number,
  scope: string | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  return isExchangeable(session)
    ? await trade(session, scope, io)
    : await sessionToken(session, minTtlMs, io);
}

async function trade(
  session: EnvironmentSession,
  scope: string | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  const issuer = serverOf(session);
  const subject = { token: session.token, type: ACCESS_TOKEN_TYPE, scope };
  const answer = await exchangeToken(issuer, subject, io);
  switch (answer.kind) {
    case "token":
      return answer.token;
    case "temporary":
      throw new ClientError(
        EXIT.temporaryFailure,
        `${issuer} cannot trade the token at the moment (HTTP ${answer.status}). Try again later.`,
      );
    case "refused":
      throw new ClientError(
        isOfSubject(answer) ? EXIT.authenticationRequired : EXIT.failure,
        `${issuer} did not trade the token in ${brand.envPrefix}_TOKEN: ` +
          sanitizeLine(answer.description ?? answer.error, 500),
      );
  }
}
