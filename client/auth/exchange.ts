/** Exchanges a personal access token for a short-lived JWT (RFC 8693), for APIs that accept only JWTs. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
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

/** Whether the session's token is opaque and can be exchanged; the tokens of a login are JWTs. */
export function isExchangeable(session: Session): session is EnvironmentSession {
  return session.source === "environment" && unverifiedClaims(session.token) === undefined;
}

/** The token that `sessionToken` returns, exchanged for a JWT unless it is one. */
export async function sessionJwt(
  session: Session,
  minTtlMs: number,
  scopes: readonly string[] | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  return isExchangeable(session)
    ? await exchangePat(session, scopes, io)
    : await sessionToken(session, minTtlMs, io);
}

async function exchangePat(
  session: EnvironmentSession,
  scopes: readonly string[] | undefined,
  io: ClientIo,
): Promise<SessionToken> {
  const issuer = serverOf(session);
  const subject = {
    token: session.token,
    type: ACCESS_TOKEN_TYPE,
    scope: scopes && formatScope(scopes),
  };
  const answer = await exchangeToken(issuer, subject, io);
  switch (answer.kind) {
    case "token":
      return answer.token;
    case "temporary":
      throw new ClientError(
        EXIT.temporaryFailure,
        `${issuer} cannot exchange the token at the moment (HTTP ${answer.status}). Try again later.`,
      );
    case "refused":
      throw new ClientError(
        isOfSubject(answer) ? EXIT.authenticationRequired : EXIT.failure,
        `${issuer} did not exchange the token in ${brand.envPrefix}_TOKEN: ` +
          sanitizeLine(answer.description ?? answer.error, 500),
      );
  }
}
