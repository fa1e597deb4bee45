import { numericDate } from "../../shared/clock.ts";
import type { IntrospectionResponse } from "../../shared/oauth/introspection_response.ts";
import { OAuthError } from "../../shared/oauth/errors.ts";
import type { AppParts } from "../app_parts.ts";
import { parsePeerAddress } from "../http/ip_address.ts";
import { apiScope, limitLoginScope } from "../scopes.ts";
import { findRefreshTokenFamily } from "../store/refresh_token_families.ts";
import { findUser } from "../store/users.ts";
import type { ValidatedToken } from "../validation/validated_token.ts";
import type { UsedFrom } from "../validation/token_validator.ts";
import { refreshTokenHashes } from "../tokens/refresh_token.ts";
import { readClientRequest } from "./client_authentication.ts";
import type { FormParameters } from "../http/form.ts";
import { parsePlainForm } from "./plain_form.ts";
import { oauthErrorResponse } from "./response.ts";

/** What is answered of a remembered token, which is the same each time. */
export type IntrospectionAnswers = WeakMap<ValidatedToken, string>;

const INACTIVE = JSON.stringify({ active: false } satisfies IntrospectionResponse);
/** No cache keeps an answer to POST that does not ask for it (RFC 9110 section 9.3.3). */
const ANSWER = { headers: { "content-type": "application/json" } };

/** The introspection endpoint (RFC 7662), for confidential clients: others could fish for tokens (section 4). `from` gives the address of the client. */
export async function introspection(
  parts: AppParts,
  answers: IntrospectionAnswers,
  request: Request,
  from: () => string,
): Promise<Response> {
  const sent = await readClientRequest(parts.tokenValidator.clients, request, {
    from,
    parse: parsePlainForm,
  });
  if (sent instanceof OAuthError) return oauthErrorResponse(sent);
  const { form, client } = sent;
  if (client.secretHash === undefined) {
    return oauthErrorResponse(
      new OAuthError("invalid_client", "Introspection needs a client with a secret."),
    );
  }
  const token = form("token");
  if (token === undefined) {
    return oauthErrorResponse(
      new OAuthError("invalid_request", "The parameter token is missing."),
    );
  }
  const hashes = refreshTokenHashes(token);
  if (hashes !== undefined) {
    return new Response(JSON.stringify(await describeRefreshToken(parts, hashes)), ANSWER);
  }
  // Where the token was used, if the client tells: tokens bound to addresses need it.
  const checked = parts.tokenValidator.validate(token, usedFrom(form));
  const verdict = checked instanceof Promise ? await checked : checked;
  if (verdict.state !== "active") return new Response(INACTIVE, ANSWER);
  const known = verdict.token;
  let answer = answers.get(known);
  if (answer === undefined) {
    answer = JSON.stringify(describeAccessToken(parts, known));
    answers.set(known, answer);
  }
  return new Response(answer, ANSWER);
}

/** An address in any form that X-Forwarded-For may have it in, too. */
function usedFrom(form: FormParameters): UsedFrom {
  return {
    address: parsePeerAddress(form("client_address") ?? ""),
    userAgent: form("client_user_agent"),
  };
}

function describeAccessToken(
  { issuer }: Pick<AppParts, "issuer">,
  known: ValidatedToken,
): IntrospectionResponse {
  return {
    active: true,
    token_type: "Bearer",
    scope: known.scope,
    client_id: known.clientId,
    username: known.username,
    sub: known.subject,
    iss: issuer,
    aud: known.audience,
    iat: numericDate(known.issuedAt),
    ...known.expiresAt !== Infinity && { exp: numericDate(known.expiresAt) },
    jti: known.id,
    act: known.act,
    workload: known.workload,
  };
}

async function describeRefreshToken(
  { sql, clock, config, issuer }: AppParts,
  hashes: NonNullable<ReturnType<typeof refreshTokenHashes>>,
): Promise<IntrospectionResponse> {
  const family = await findRefreshTokenFamily(sql, hashes);
  if (family === undefined || family.token === "spent" || family.revokedAt !== undefined) {
    return { active: false };
  }
  const expiresAt = Math.min(family.idleExpiresAt.getTime(), family.absoluteExpiresAt.getTime());
  if (expiresAt <= clock.now() || family.userDisabled) return { active: false };
  const user = await findUser(sql, family.userId);
  if (user === undefined) return { active: false };
  return {
    active: true,
    token_type: "refresh_token",
    scope: apiScope(limitLoginScope(config.scopes, user, family.clientId, family.scope)),
    client_id: family.clientId,
    username: user.email,
    sub: family.userId,
    iss: issuer,
    iat: numericDate(family.createdAt.getTime()),
    exp: numericDate(expiresAt),
  };
}
