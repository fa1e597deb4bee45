/** Exchanges a personal access token for a short-lived JWT (RFC 8693), for APIs that accept only JWTs. */
import { brand } from "../../shared/brand.ts";
import { formatScope } from "../../shared/oauth/scope.ts";
import { ACCESS_TOKEN_TYPE } from "../../shared/oauth/token_types.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { unverifiedClaims } from "../oauth/unverified_jwt.ts";
import type { EnvironmentSource } from "./environment_token.ts";
import type { AccessToken } from "./access_token.ts";
import { serverOf, tokenFrom, type TokenSource } from "./token_source.ts";
import { exchangeToken, isOfSubject } from "../oauth/token_exchange.ts";

/** Whether the source's token is opaque and can be exchanged; the tokens of a login are JWTs. */
export function isExchangeable(source: TokenSource): source is EnvironmentSource {
  return source.kind === "environment" && unverifiedClaims(source.token) === undefined;
}

/** The token that `tokenFrom` returns, exchanged for a JWT unless it is one. */
export async function jwtFrom(
  source: TokenSource,
  minTtlMs: number,
  scopes: readonly string[] | undefined,
  io: ClientIo,
): Promise<AccessToken> {
  return isExchangeable(source)
    ? await exchangePat(source, scopes, io)
    : await tokenFrom(source, minTtlMs, io);
}

async function exchangePat(
  source: EnvironmentSource,
  scopes: readonly string[] | undefined,
  io: ClientIo,
): Promise<AccessToken> {
  const issuer = serverOf(source);
  const subject = {
    token: source.token,
    type: ACCESS_TOKEN_TYPE,
    scope: scopes && formatScope(scopes),
  };
  const response = await exchangeToken(issuer, subject, io);
  switch (response.kind) {
    case "token":
      return response.token;
    case "temporary":
      throw new ClientError(
        "server_unavailable",
        `${issuer} cannot exchange the token at the moment (HTTP ${response.status}). Try again later.`,
      );
    case "rejected":
      throw new ClientError(
        isOfSubject(response) ? "token_rejected" : "request_rejected",
        `${issuer} did not exchange the token in ${brand.envPrefix}_TOKEN: ` +
          response.message,
      );
  }
}
